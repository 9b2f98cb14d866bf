import type { Acceptance, AuthenticationRequest, Principal, Verdict } from "../broker/authentication.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import { principalOf } from "./accounts.ts";
import type { Authenticator, Peer } from "./options.ts";
import type { PasswordChecks } from "./password-checks.ts";

/**
 * One step of a method of enhanced authentication (§4.12): CONNECT, AUTH or re-authentication in, verdict out. What it
 * must remember between the steps of an exchange it keeps by the peer.
 */
export type AuthenticationStep = (request: AuthenticationRequest, peer: Peer) => Promise<Verdict>;

/** Methods of enhanced authentication by their Authentication Method. */
export type AuthenticationMethods = ReadonlyMap<string, AuthenticationStep>;

/** No enhanced authentication: what asks for it is refused with 0x8C. */
export const noAuthenticationMethods: AuthenticationMethods = new Map();

/**
 * User name and password against accounts: 0x86 for a wrong one, 0x87 for none, 0x89 when too many wait, 0x9F when too
 * many were wrong; return codes 4, 5 and twice 3 for 3.1.1.
 */
export function createAccountAuthenticator(
  checks: Pick<PasswordChecks, "check">,
  methods: AuthenticationMethods,
): Authenticator {
  async function verdict({ userName, password, clientId }: AuthenticationRequest, peer: Peer): Promise<Verdict> {
    if (userName === undefined || password === undefined) {
      return refuse(ReasonCode.NotAuthorized, "A user name and a password are needed");
    }
    const answer = await checks.check(userName, password, peer.remoteAddress);
    switch (answer.kind) {
      case "right":
        return accept(principalOf(answer.account, clientId), undefined);
      case "wrong":
        return wrongPassword();
      case "tooOften":
        return tooOften();
      case "busy":
        return refuse(ReasonCode.ServerBusy, "Too many connect at once; try later");
    }
  }
  return { authenticate: (request, peer) => enhancedOr(methods, request, peer, verdict) };
}

/** Everyone may come, as nobody in particular; user names and passwords are not looked at. */
export function createAnonymousAuthenticator(methods: AuthenticationMethods): Authenticator {
  async function verdict({ clientId }: AuthenticationRequest): Promise<Verdict> {
    return accept({ tenant: 0, name: "", roles: [], clientId }, undefined);
  }
  return { authenticate: (request, peer) => enhancedOr(methods, request, peer, verdict) };
}

/** It is this one. */
export function accept(principal: Principal, authenticationData: Uint8Array | undefined): Acceptance {
  return { kind: "accept", principal, authenticationData };
}

/** It may not come in. */
export function refuse(reasonCode: (Verdict & { kind: "refuse" })["reasonCode"], reasonString: string): Verdict {
  return { kind: "refuse", reasonCode, reasonString, serverReference: undefined };
}

/** The same words for a name that is not there. */
export function wrongPassword(): Verdict {
  return refuse(ReasonCode.BadUserNameOrPassword, "Unknown user name or wrong password");
}

/** A certificate or a token names somebody who has an account. */
export function nameIsTaken(): Verdict {
  return refuse(ReasonCode.NotAuthorized, "There is an account of this name; its password is needed");
}

/** It was not even checked: what comes after so many failures has to wait (§4.13.2 leaves the choice of code open). */
export function tooOften(): Verdict {
  return refuse(ReasonCode.ConnectionRateExceeded, "Too many wrong passwords; wait a minute and try again");
}

function enhancedOr(
  methods: AuthenticationMethods,
  request: AuthenticationRequest,
  peer: Peer,
  basic: (request: AuthenticationRequest, peer: Peer) => Promise<Verdict>,
): Promise<Verdict> {
  const { authenticationMethod } = request;
  if (authenticationMethod === undefined) return basic(request, peer);
  const step = methods.get(authenticationMethod);
  if (step !== undefined) return step(request, peer);
  // [MQTT-4.12.0-1]
  const known = methods.size === 0 ? "none is offered" : `offered: ${[...methods.keys()].join(", ")}`;
  return Promise.resolve(refuse(ReasonCode.BadAuthenticationMethod, `Unknown Authentication Method; ${known}`));
}
