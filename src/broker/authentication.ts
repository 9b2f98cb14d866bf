import type { ProtocolVersion } from "../mqtt/packet-type.ts";
import type { ConnackReasonCode } from "../mqtt/reason-code.ts";

/**
 * Who authentication found. Plain data; a Session belongs to the (tenant, name) that made it.
 */
export interface Principal {
  /** 0 until tenancy comes. */
  readonly tenant: number;
  /** The account's name; empty for anonymous. */
  readonly name: string;
  readonly roles: readonly string[];
  /** The Client Identifier it connected with, assigned ones included. */
  readonly clientId: string;
  /** What else is known of it, by name: claims of a token or an account, fields of a certificate. */
  readonly claims?: ReadonlyMap<string, readonly string[]> | undefined;
}

/** What the core asks of the shell about a CONNECT or AUTH (§3.1.4, §4.12). */
export interface AuthenticationRequest {
  /** `connect` opens the exchange, `continue` answers a challenge, `reauthenticate` opens one on a live connection. */
  readonly step: "connect" | "continue" | "reauthenticate";
  readonly protocolVersion: ProtocolVersion;
  readonly clientId: string;
  readonly userName: string | undefined;
  readonly password: Uint8Array | undefined;
  readonly authenticationMethod: string | undefined;
  readonly authenticationData: Uint8Array | undefined;
}

/** It is this one. */
export interface Acceptance {
  readonly kind: "accept";
  readonly principal: Principal;
  /** Authentication Data of the CONNACK or the last AUTH. */
  readonly authenticationData: Uint8Array | undefined;
  /**
   * For so long what was shown is good, ms; then the Network Connection ends with 0x87, unless it authenticated again. For
   * ever when it is left out.
   */
  readonly validMilliseconds?: number | undefined;
}

/** The shell's answer. */
export type Verdict =
  | Acceptance
  | { readonly kind: "continue"; readonly authenticationData: Uint8Array | undefined }
  | {
      readonly kind: "refuse";
      readonly reasonCode: Exclude<ConnackReasonCode, 0>;
      readonly reasonString: string | undefined;
      /** With Use another server or Server moved (§3.2.2.3.16). */
      readonly serverReference: string | undefined;
    };
