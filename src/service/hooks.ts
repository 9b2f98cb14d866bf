import { Buffer } from "node:buffer";
import type { Logger } from "pino";
import type { Principal, Verdict } from "../broker/authentication.ts";
import type { Policy, PublishRequest, Refusal, RefusalReasonCode } from "../broker/policy.ts";
import type { ProtocolVersion } from "../mqtt/packet-type.ts";
import { type ConnackReasonCode, ReasonCode } from "../mqtt/reason-code.ts";
import type { Identity } from "../server/in-process.ts";
import { LogBudget } from "../server/log-budget.ts";
import type { Authenticator, Peer } from "../server/options.ts";
import { programPrincipal } from "../server/program-principal.ts";

/** What a Client that connects says of itself, and where it comes from. */
export interface Credentials {
  readonly clientId: string;
  readonly userName: string | undefined;
  /** `password?.toString()` is its text. */
  readonly password: Buffer | undefined;
  readonly protocolVersion: ProtocolVersion;
  /** Address, door and verified certificate. */
  readonly peer: Peer;
}

/** Why a Client may not come in. */
export interface ConnectRefusal {
  /** From 0x80 on; 0x86 Bad User Name or Password when it is left out. */
  readonly reasonCode?: Exclude<ConnackReasonCode, 0>;
  /** Sent as Reason String. */
  readonly reason?: string;
}

/**
 * Who is it: an identity, `false` for 0x86 Bad User Name or Password, or a refusal of another kind. What it throws is
 * logged and answered with 0x88 Server unavailable.
 */
export type Authenticate = (
  credentials: Credentials,
) => Identity | ConnectRefusal | false | Promise<Identity | ConnectRefusal | false>;

/** Why a message or subscription is refused. */
export interface RequestRefusal {
  /** 0x87 Not authorized when it is left out. */
  readonly reasonCode?: RefusalReasonCode;
  /** Sent as Reason String. */
  readonly reason?: string;
}

/**
 * The law, asked on the way of every message, so it has to answer at once: `true` allows, everything else refuses, also
 * what it throws. A method that is left out allows all. It must call nothing of the server.
 */
export interface PolicyHook {
  mayPublish?(principal: Principal, publish: PublishRequest): boolean | RequestRefusal;
  /** `topicFilter` is without its `$share/{ShareName}/`. */
  maySubscribe?(principal: Principal, topicFilter: string): boolean | RequestRefusal;
}

/** Asks the program who a Client is. There is no enhanced authentication: what asks for it is refused with 0x8C. */
export function hookAuthenticator(authenticate: Authenticate): Authenticator {
  return {
    authenticate: async (request, peer) => {
      const { clientId, userName, password, protocolVersion, authenticationMethod } = request;
      if (authenticationMethod !== undefined) {
        // [MQTT-4.12.0-1]
        return refuse(ReasonCode.BadAuthenticationMethod, "Unknown Authentication Method; none is offered");
      }
      const bytes = password === undefined ? undefined : Buffer.from(password);
      const answer = await authenticate({ clientId, userName, password: bytes, protocolVersion, peer });
      if (typeof answer === "object" && "name" in answer) {
        return { kind: "accept", principal: programPrincipal(answer, clientId), authenticationData: undefined };
      }
      const { reasonCode = ReasonCode.BadUserNameOrPassword, reason } = answer || {};
      return refuse(reasonCode, reason);
    },
  };
}

/** Asks the program, and refuses when it fails to answer. */
export function hookPolicy(hook: PolicyHook, log: Logger): Policy {
  const budget = new LogBudget(log);
  function ask(question: () => boolean | RequestRefusal): Refusal | undefined {
    try {
      const answer = question();
      return answer === true ? undefined : refusalOf(answer);
    } catch (error) {
      const sentence = "the policy failed to answer; refused with 0x87";
      if (budget.allows(sentence)) log.error({ err: error }, sentence);
      return refusalOf(false);
    }
  }
  return {
    mayPublish: (principal, publish) =>
      ask(() => hook.mayPublish?.(principal, publish) ?? hook.mayPublish === undefined),
    maySubscribe: (principal, topicFilter) =>
      ask(() => hook.maySubscribe?.(principal, topicFilter) ?? hook.maySubscribe === undefined),
  };
}

function refuse(reasonCode: Exclude<ConnackReasonCode, 0>, reasonString: string | undefined): Verdict {
  return { kind: "refuse", reasonCode, reasonString, serverReference: undefined };
}

function refusalOf(answer: boolean | RequestRefusal): Refusal {
  const { reasonCode = ReasonCode.NotAuthorized, reason = "The policy does not allow it" } =
    typeof answer === "object" && answer !== null ? answer : {};
  return { reasonCode, reasonString: reason, place: "" };
}
