import type { AuthenticationRequest, Principal, Verdict } from "../broker/authentication.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import type { Accounts } from "./accounts.ts";
import type { Authenticator, Peer } from "./options.ts";

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
 * How many passwords may wait to be checked; more is refused with 0x89 Server busy. A few hundred are checked in a second,
 * so that all who wait are answered before `connectTimeoutSeconds`.
 */
const verificationsMax = 1_000;

/** User name and password against accounts: 0x86 for a wrong one, 0x87 for none, 0x89 when too many wait. */
export function createAccountAuthenticator(accounts: Accounts, methods: AuthenticationMethods): Authenticator {
  let verifications = 0;
  async function verdict({ userName, password, clientId }: AuthenticationRequest): Promise<Verdict> {
    if (userName === undefined || password === undefined) {
      return refuse(ReasonCode.NotAuthorized, "A user name and a password are needed");
    }
    if (verifications >= verificationsMax) return refuse(ReasonCode.ServerBusy, "Too many connect at once; try later");
    verifications += 1;
    const account = await accounts.verify(userName, password).finally(() => {
      verifications -= 1;
    });
    if (account === undefined) return refuse(ReasonCode.BadUserNameOrPassword, "Unknown user name or wrong password");
    return accept({ tenant: 0, name: account.name, roles: account.roles, clientId });
  }
  return { authenticate: (request, peer) => enhancedOr(methods, request, peer, verdict) };
}

/** Everyone may come, as nobody in particular; user names and passwords are not looked at. */
export function createAnonymousAuthenticator(methods: AuthenticationMethods): Authenticator {
  async function verdict({ clientId }: AuthenticationRequest): Promise<Verdict> {
    return accept({ tenant: 0, name: "", roles: [], clientId });
  }
  return { authenticate: (request, peer) => enhancedOr(methods, request, peer, verdict) };
}

function enhancedOr(
  methods: AuthenticationMethods,
  request: AuthenticationRequest,
  peer: Peer,
  basic: (request: AuthenticationRequest) => Promise<Verdict>,
): Promise<Verdict> {
  const { authenticationMethod } = request;
  if (authenticationMethod === undefined) return basic(request);
  const step = methods.get(authenticationMethod);
  if (step !== undefined) return step(request, peer);
  // [MQTT-4.12.0-1]
  const known = methods.size === 0 ? "none is offered" : `offered: ${[...methods.keys()].join(", ")}`;
  return Promise.resolve(refuse(ReasonCode.BadAuthenticationMethod, `Unknown Authentication Method; ${known}`));
}

function accept(principal: Principal): Verdict {
  return { kind: "accept", principal, authenticationData: undefined };
}

function refuse(reasonCode: (Verdict & { kind: "refuse" })["reasonCode"], reasonString: string): Verdict {
  return { kind: "refuse", reasonCode, reasonString, serverReference: undefined };
}
