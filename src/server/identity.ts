import type { AuthenticationRequest, Verdict } from "../broker/authentication.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import type { ClientCertificate } from "../net/tls-settings.ts";
import type { Accounts } from "./accounts.ts";
import { accept, nameIsTaken, refuse } from "./authentication.ts";
import { type CertificateIdentity, certificatePrincipal, withCertificate } from "./certificate-identity.ts";
import type { Authenticator, Peer } from "./options.ts";
import { isToken } from "./token-settings.ts";
import type { TokenChecks } from "./tokens.ts";

/** Who may come in besides those who know an account's password. */
export interface IdentityOptions {
  readonly accounts: Accounts;
  /** For passwords, and for the methods of enhanced authentication. */
  readonly passwords: Authenticator;
  /** Undefined: no password is a token. */
  readonly tokens: TokenChecks | undefined;
  /** Undefined: a certificate alone opens nothing. */
  readonly certificate: CertificateIdentity | undefined;
  /** The wall clock, ms. */
  readonly now: () => number;
}

/**
 * A password decides who it is, a token in its place too; without one the client certificate does. What a certificate says
 * is among the claims in any case, and nobody stays connected beyond its end. A name that an account has is had with
 * its password only.
 */
export function createIdentityAuthenticator(options: IdentityOptions): Authenticator {
  const { passwords, tokens, now } = options;
  function verdictOf(request: AuthenticationRequest, peer: Peer): Promise<Verdict> {
    const { password, authenticationMethod } = request;
    if (authenticationMethod !== undefined) return passwords.authenticate(request, peer);
    if (tokens !== undefined && isToken(password)) return tokens.check(password, request);
    const { certificate } = peer;
    if (options.certificate === undefined || certificate === undefined || password !== undefined) {
      return passwords.authenticate(request, peer);
    }
    return Promise.resolve(byCertificate(options.accounts, options.certificate, certificate, request));
  }
  return {
    authenticate: async (request, peer) => {
      const verdict = await verdictOf(request, peer);
      if (verdict.kind !== "accept" || peer.certificate === undefined) return verdict;
      return withCertificate(verdict, peer.certificate.x509, now());
    },
  };
}

function byCertificate(
  accounts: Accounts,
  identity: CertificateIdentity,
  { x509 }: ClientCertificate,
  { userName, clientId }: AuthenticationRequest,
): Verdict {
  const principal = certificatePrincipal(identity, x509, clientId);
  if (typeof principal === "string") return refuse(ReasonCode.NotAuthorized, principal);
  if (userName !== undefined && userName !== "" && userName !== principal.name) {
    return refuse(ReasonCode.BadUserNameOrPassword, `The user name is not ${identity.name} of the client certificate`);
  }
  return accounts.find(principal.name) === undefined ? accept(principal, undefined) : nameIsTaken();
}
