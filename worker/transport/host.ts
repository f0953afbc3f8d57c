// The host of an endpoint's URL, as it is looked up and asked for.

/**
 * Without the brackets of an IPv6 literal, and a name of other letters (`bücher.example`) in its ASCII form: of a scheme that the URL standard
 * does not know, such as `mqtts`, a URL only percent-encodes it. Undefined where there is no such host.
 */
export function hostOf({ hostname }: URL): string | undefined {
  if (!hostname.includes('%')) return hostname === '' ? undefined : hostname.replace(/^\[|\]$/g, '');
  const known = `http://${hostname}`;
  return URL.canParse(known) ? new URL(known).hostname : undefined;
}
