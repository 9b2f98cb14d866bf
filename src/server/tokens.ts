import { errors, type JWTPayload, jwtVerify } from "jose";
import type { AuthenticationRequest, Principal, Verdict } from "../broker/authentication.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import { accountNameProblem, roleProblem, rolesMax } from "./account-name.ts";
import type { Accounts } from "./accounts.ts";
import { type AuthenticationStep, accept, nameIsTaken, refuse } from "./authentication.ts";
import type { TokenKeys } from "./token-keys.ts";
import { isToken, type TokenSettings, tokenText } from "./token-settings.ts";

/** What checking tokens stands on. */
export interface TokenChecksOptions {
  readonly settings: TokenSettings;
  readonly keys: TokenKeys;
  readonly accounts: Accounts;
  /** The wall clock, ms. */
  readonly now: () => number;
}

/** Longer ones are not looked at. */
export const tokenBytesMax = 8_192;

/** Signatures that are checked at one time; more are refused with 0x89. */
const checksMax = 200;

/** Values of all claims of one token that are taken over. */
const claimValuesMax = 1_000;

/**
 * Checks JSON Web Tokens (RFC 7519): 0x86 for one that is not signed by one of the keys, 0x87 for one that is and does not
 * hold, 0x89 when too many come at once. What is no token at all costs no signature.
 */
export class TokenChecks {
  readonly #options: TokenChecksOptions;
  #keys: TokenKeys;
  #underWay = 0;

  constructor(options: TokenChecksOptions) {
    this.#options = options;
    this.#keys = options.keys;
  }

  /** Other keys are in force. */
  replaceKeys(keys: TokenKeys): void {
    this.#keys = keys;
  }

  /** The method `JWT`. */
  get step(): AuthenticationStep {
    return (request) => this.check(request.authenticationData, request);
  }

  /** @param request its User Name, where there is one, must be the name in the token */
  async check(token: Uint8Array | undefined, request: AuthenticationRequest): Promise<Verdict> {
    if (token === undefined || token.length > tokenBytesMax || !isToken(token)) {
      return refuse(ReasonCode.BadUserNameOrPassword, `A signed token of at most ${tokenBytesMax} bytes is needed`);
    }
    if (this.#underWay >= checksMax) return refuse(ReasonCode.ServerBusy, "Too many connect at once; try later");
    this.#underWay += 1;
    try {
      return await this.#verify(tokenText(token), request);
    } catch (error) {
      return refusalOf(error);
    } finally {
      this.#underWay -= 1;
    }
  }

  async #verify(token: string, request: AuthenticationRequest): Promise<Verdict> {
    const { settings, accounts, now } = this.#options;
    const { algorithms, issuer, audience, clockToleranceSeconds, nameClaim } = settings;
    const { payload } = await jwtVerify(token, this.#keys.keyFor, {
      algorithms: [...algorithms],
      issuer,
      audience,
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(now()),
      requiredClaims: ["exp", nameClaim],
    });
    const principal = principalOf(payload, settings, request.clientId);
    if (typeof principal === "string") return refuse(ReasonCode.NotAuthorized, principal);
    const { userName } = request;
    if (userName !== undefined && userName !== "" && userName !== principal.name) {
      return refuse(ReasonCode.BadUserNameOrPassword, "The user name is not the one in the token");
    }
    if (accounts.find(principal.name) !== undefined) return nameIsTaken();
    const validMilliseconds = (payload.exp! + clockToleranceSeconds) * 1_000 - now();
    return { ...accept(principal, undefined), validMilliseconds };
  }
}

/** Who it is, or why nobody, as a sentence. */
function principalOf(payload: JWTPayload, settings: TokenSettings, clientId: string): Principal | string {
  const { nameClaim, rolesClaim, claims: claimNames } = settings;
  const name = payload[nameClaim];
  if (typeof name !== "string") return `${nameClaim} of the token is no text`;
  const problem = accountNameProblem(name);
  if (problem !== undefined) return `${nameClaim} of the token is no name here: ${problem}`;
  const words = claimAt(payload, rolesClaim);
  const listed = typeof words === "string" ? words.split(" ") : textsOf(words);
  const roles = [...new Set(listed.filter((role) => roleProblem(role) === undefined))].slice(0, rolesMax);
  const claims = new Map<string, readonly string[]>();
  let left = claimValuesMax;
  for (const claim of claimNames) {
    const values = textsOf(claimAt(payload, claim)).slice(0, left);
    if (values.length > 0) claims.set(claim, values);
    left -= values.length;
  }
  return { tenant: 0, name, roles, clientId, claims };
}

/** The claim of this name, or one inside of others: `realm_access.roles`. */
function claimAt(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  let found: unknown = payload;
  for (const part of name.split(".")) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, part)) return undefined;
    found = (found as Record<string, unknown>)[part];
  }
  return found;
}

function textsOf(value: unknown): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.flatMap((each) => (typeof each === "string" || typeof each === "number" ? [String(each)] : []));
}

/** Only who has a signed token hears what is wrong with it. */
function refusalOf(error: unknown): Verdict {
  if (error instanceof errors.JWTExpired) return refuse(ReasonCode.NotAuthorized, "The token has expired");
  if (error instanceof errors.JWTClaimValidationFailed) {
    return refuse(ReasonCode.NotAuthorized, `The token is not for this server: ${error.claim} does not hold`);
  }
  if (!(error instanceof errors.JOSEError)) throw error;
  return refuse(ReasonCode.BadUserNameOrPassword, "The token is not signed with a key of this server");
}
