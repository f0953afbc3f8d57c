// What a platform's certificate permits. Node tells the extended key usage only; a library for one bit would be loaded by every fleet.

/** The extension keyUsage (2.5.29.15) as DER begins it. */
const KEY_USAGE = Buffer.from('0603551d0f', 'hex');
/** What marks it critical: BOOLEAN TRUE. */
const CRITICAL = Buffer.from('0101ff', 'hex');
/** Headers of the OCTET STRING and of the BIT STRING in it, and the count of unused bits. */
const BEFORE_BITS = 5;
/** Bit 2, counted from the left (RFC 5280, section 4.2.1.3). */
const KEY_ENCIPHERMENT = 0x20;

/** May a client encrypt its secret with the key of this certificate (DER)? The RSA key exchange of the C SDKs needs it. */
export function permitsKeyEncipherment(der: Buffer): boolean {
  const found = der.indexOf(KEY_USAGE);
  // A certificate without the extension permits everything.
  if (found < 0) return true;
  const value = found + KEY_USAGE.length;
  const critical = der.subarray(value, value + CRITICAL.length).equals(CRITICAL);
  const bits = der[value + (critical ? CRITICAL.length : 0) + BEFORE_BITS] ?? 0;
  return (bits & KEY_ENCIPHERMENT) !== 0;
}
