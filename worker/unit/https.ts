// The form of a registration over HTTPS, as a unit writes it; a case bends one thing of it.
import { registrationContent } from '../../protocol/content.ts';
import { formatRegisterForm } from '../../protocol/http-register.ts';
import { sign, type SignMethod } from '../../protocol/sign.ts';
import type { HttpRequest } from '../transport/http-register.ts';

/** How one attempt is bent. */
export interface HttpBend {
  /** Signs with another secret. */
  readonly productSecret?: string;
  readonly random?: string;
  readonly signMethod?: SignMethod;
  /** Changes the form after it was made and signed. */
  readonly form?: (form: string) => string;
  /** Declares another type of content; none at all where it is null. */
  readonly contentType?: string | null;
  /** Sends it over HTTP without TLS, as one SDK does that is given a host of its own. */
  readonly security?: 'plain';
}

interface HttpIdentity {
  readonly productKey: string;
  readonly deviceName: string;
  readonly productSecret: string;
  readonly random: string;
  readonly signMethod: SignMethod;
}

/** The request, and the signature in it. */
export function requestOf(identity: HttpIdentity, bend: HttpBend): { request: HttpRequest; signature: string } {
  const { productKey, deviceName, random } = identity;
  const signMethod = bend.signMethod ?? identity.signMethod;
  const signature = sign(
    signMethod,
    bend.productSecret ?? identity.productSecret,
    registrationContent({ deviceName, productKey, random }),
  ).toUpperCase();
  const form = formatRegisterForm({ productKey, deviceName, random, sign: signature, signMethod });
  const contentType = bend.contentType === undefined ? 'application/x-www-form-urlencoded' : bend.contentType;
  const security = bend.security === undefined ? {} : { security: bend.security };
  return { request: { body: bend.form?.(form) ?? form, contentType, ...security }, signature };
}
