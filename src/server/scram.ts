import { randomBytes, timingSafeEqual } from "node:crypto";
import type { AuthenticationRequest, Verdict } from "../broker/authentication.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import { type Account, type Accounts, principalOf } from "./accounts.ts";
import type { Attempts } from "./attempts.ts";
import { type AuthenticationStep, accept, refuse, tooOften, wrongPassword } from "./authentication.ts";
import type { Peer } from "./options.ts";
import { decoyScramKeys, hmacSha256, type ScramKeys, sha256 } from "./scram-keys.ts";
import { type ClientFirst, parseClientFinal, parseClientFirst, type ScramProblem } from "./scram-messages.ts";

/** The Authentication Method (§3.1.2.11.9). */
export const scramMethod = "SCRAM-SHA-256";

/** What the method stands on. */
export interface ScramOptions {
  readonly accounts: Accounts;
  readonly attempts: Attempts;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  /** Our part of the nonce; 18 random bytes. */
  readonly serverNonce?: () => string;
}

/** What one exchange remembers between its two steps. */
interface Exchange {
  readonly first: ClientFirst;
  readonly serverFirst: string;
  readonly nonce: string;
  readonly keys: ScramKeys;
  /** Undefined when the keys are made up. */
  readonly account: Account | undefined;
}

/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding: client-first in CONNECT or in an AUTH that re-authenticates,
 * server-first in AUTH, client-final in AUTH, and the server's signature in CONNACK or the last AUTH (§4.12).
 *
 * 0x8C refuses one that asks for a channel binding, 0x87 a malformed message, 0x86 a wrong proof, 0x9F one that comes too
 * often. A name without keys gets as many steps as one with.
 */
export function createScramStep(options: ScramOptions): AuthenticationStep {
  const exchanges = new WeakMap<Peer, Exchange>();
  const serverNonce = options.serverNonce ?? ((): string => randomBytes(18).toString("base64"));
  async function step(request: AuthenticationRequest, peer: Peer): Promise<Verdict> {
    const exchange = exchanges.get(peer);
    exchanges.delete(peer);
    if (request.step === "continue") {
      if (exchange === undefined) return malformed("no exchange was begun");
      return finish(options, exchange, request, peer);
    }
    const first = parseClientFirst(request.authenticationData);
    if ("problem" in first) return refusal(first);
    const begun = begin(options.accounts, first, `${first.nonce}${serverNonce()}`);
    exchanges.set(peer, begun);
    return { kind: "continue", authenticationData: Buffer.from(begun.serverFirst) };
  }
  return step;
}

function begin(accounts: Accounts, first: ClientFirst, nonce: string): Exchange {
  const account = accounts.find(first.name);
  const keys = account?.scramSha256 ?? decoyScramKeys(accounts.decoyKey, first.name);
  const serverFirst = `r=${nonce},s=${keys.salt.toString("base64")},i=${keys.iterations}`;
  return { first, serverFirst, nonce, keys, account: account?.scramSha256 === undefined ? undefined : account };
}

function finish(
  { accounts, attempts, now }: ScramOptions,
  { first, serverFirst, nonce, keys, account }: Exchange,
  { authenticationData, clientId }: AuthenticationRequest,
  { remoteAddress }: Peer,
): Verdict {
  const final = parseClientFinal(authenticationData);
  if ("problem" in final) return refusal(final);
  if (final.nonce !== nonce || final.gs2Header !== first.gs2Header) return malformed("it belongs to another exchange");
  const at = now();
  if (attempts.waitMilliseconds(first.name, remoteAddress, at) > 0) return tooOften();
  const authMessage = `${first.bare},${serverFirst},${final.withoutProof}`;
  const isProved = isProof(keys, authMessage, final.proof);
  // It may have been removed, or have another password, since the exchange began.
  const current = accounts.find(first.name);
  if (!isProved || account === undefined || current === undefined || current.scramSha256 !== account.scramSha256) {
    attempts.failed(first.name, remoteAddress, at);
    return wrongPassword();
  }
  attempts.succeeded(first.name, remoteAddress, at);
  const signature = hmacSha256(keys.serverKey, authMessage).toString("base64");
  return accept(principalOf(current, clientId), Buffer.from(`v=${signature}`));
}

/** Whether its proof, without the signature that it is hidden by, is a key of which we keep the hash. */
function isProof({ storedKey }: ScramKeys, authMessage: string, proof: Buffer): boolean {
  const signature = hmacSha256(storedKey, authMessage);
  const clientKey = proof.map((byte, index) => byte ^ signature[index]!);
  return timingSafeEqual(sha256(clientKey), storedKey);
}

function refusal({ problem, asksForBinding }: ScramProblem): Verdict {
  // [MQTT-4.12.0-1]
  if (asksForBinding) return refuse(ReasonCode.BadAuthenticationMethod, `${scramMethod}: ${problem}`);
  return malformed(problem);
}

function malformed(problem: string): Verdict {
  return refuse(ReasonCode.NotAuthorized, `${scramMethod}: ${problem}`);
}
