import { packetBytesMax, receiveMaximumDefault } from "../mqtt/limits.ts";
import type { Connect } from "../mqtt/packet.ts";
import { ProtocolVersion } from "../mqtt/packet-type.ts";
import type { IdentifierSet } from "../session/identifier-set.ts";
import type { InboundTopicAliases, OutboundTopicAliases } from "../session/topic-aliases.ts";
import type { Principal } from "./authentication.ts";
import type { Session } from "./session.ts";

/**
 * What a Network Connection awaits:
 *
 * ```
 * AwaitingConnect ──CONNECT──► AwaitingVerdict ──accept──► Connected ──► Closed
 *                               ▲          │
 *                               └── AUTH ◄─┘ AwaitingAuth (continue)
 * ```
 */
export type ConnectionState = "AwaitingConnect" | "AwaitingVerdict" | "AwaitingAuth" | "Connected" | "Closed";

/** What a door bounds for its connections. */
export interface ConnectionLimits {
  readonly packetBytesMax: number;
  readonly connectTimeoutSeconds: number;
}

/**
 * One Network Connection (§1.2): its state and what was negotiated on it. The shell makes it, hangs its Link on it by
 * extending it, and never changes these fields; the core never looks at the Link.
 */
export class Connection {
  /** undefined: those of the whole. */
  readonly limits: ConnectionLimits | undefined;
  state: ConnectionState = "AwaitingConnect";
  /** MQTT 5.0 until a CONNECT says otherwise, so that refusals can be written. */
  protocolVersion: ProtocolVersion = ProtocolVersion.V5;
  clientId = "";
  principal: Principal | undefined = undefined;
  session: Session | undefined = undefined;
  /** The CONNECT, until it is answered. */
  connect: Connect | undefined = undefined;
  authenticationMethod: string | undefined = undefined;
  /** Re-authentication (§4.12.1): what it awaits, if it is under way. */
  reauthentication: "none" | "AwaitingVerdict" | "AwaitingAuth" = "none";

  /** 0: no Keep Alive. */
  keepAliveMilliseconds = 0;
  lastReceivedAt = 0;
  /** When what it authenticated with is no longer good, ms. */
  validUntil: number = Number.POSITIVE_INFINITY;

  /** The Client's Receive Maximum: what we may have un-acknowledged towards it. */
  receiveMaximum: number = receiveMaximumDefault;
  /** The Client's Maximum Packet Size. */
  maximumPacketSize: number = packetBytesMax;
  requestProblemInformation = true;
  inboundTopicAliases: InboundTopicAliases | undefined = undefined;
  outboundTopicAliases: OutboundTopicAliases | undefined = undefined;
  /** QoS 2 identifiers that came on this connection and are not released: against our Receive Maximum (§4.9). */
  receivedOpen: IdentifierSet | undefined = undefined;

  /** False from a sending verb that returned false until `drained`. */
  hasRoom = true;
  /** The core paused reading because its answers were not taken. */
  paused = false;

  constructor(limits?: ConnectionLimits) {
    this.limits = limits;
  }
}
