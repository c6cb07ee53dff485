// What custom executors authenticate with: JSON web tokens (HS256) that name framework, executor and
// container. Who may do what is decided by the agent; here is only who somebody is.
import { err, ok, type Result, utf8 } from '@kaon/primitives';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { ContainerKey } from '../state/keys.ts';

/** The realm of the executor API. */
const REALM = 'mesos-agent-executor';
const ALGORITHM = 'HS256';

/** Who a valid token says its bearer is. A claim that is not there matches nothing. */
export interface ExecutorClaims {
  readonly frameworkId: string | undefined;
  readonly executorId: string | undefined;
  readonly containerId: string | undefined;
}

/** Makes and checks tokens. */
export interface ExecutorTokens {
  /** The token of an executor. It has no expiry: it is good as long as its container. */
  sign(key: ContainerKey): Promise<string>;
  /** Who sends this `Authorization` header, or the `WWW-Authenticate` header of the 401 it gets. */
  verify(authorization: string | undefined): Promise<Result<ExecutorClaims, string>>;
}

/** Tokens signed with `secret`. */
export function executorTokens(secret: string): ExecutorTokens {
  const key = utf8(secret);
  return {
    sign: ({ frameworkId, executorId, containerId }) =>
      new SignJWT({ fid: frameworkId, eid: executorId, cid: containerId })
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
        .sign(key),

    async verify(authorization) {
      // Who sends nothing is told nothing but the scheme (RFC 6750, 3.1).
      if (authorization === undefined) return err(`Bearer realm="${REALM}"`);
      const [scheme, token, ...rest] = authorization.split(' ');
      if (token === undefined || rest.length > 0) {
        return invalid("Malformed 'Authorization' header");
      }
      if (scheme !== 'Bearer') return invalid(`Scheme '${printable(scheme ?? '')}' unsupported`);
      try {
        const { payload } = await jwtVerify(token, key, { algorithms: [ALGORITHM] });
        if (Object.keys(payload).length === 0) return invalid('JWT claims missing');
        const claim = (name: string): string | undefined => {
          const value = payload[name];
          return typeof value === 'string' ? value : undefined;
        };
        return ok({
          frameworkId: claim('fid'),
          executorId: claim('eid'),
          containerId: claim('cid'),
        });
      } catch (error) {
        const why = error instanceof errors.JOSEError ? error.message : 'it cannot be read';
        return invalid(`Invalid JWT: ${why}`);
      }
    },
  };
}

function invalid(description: string): Result<ExecutorClaims, string> {
  const text = description.replaceAll('"', "'");
  return err(`Bearer realm="${REALM}", error="invalid_token", error_description="${text}"`);
}

/** A word of a request that goes back in a header. */
function printable(word: string): string {
  return word.replace(/[^\w.+-]/g, '?').slice(0, 32);
}
