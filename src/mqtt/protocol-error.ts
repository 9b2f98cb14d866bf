import type { ProtocolVersion } from "./packet-type.ts";
import type { ReasonCode } from "./reason-code.ts";

/**
 * A Malformed Packet or a Protocol Error (§4.13): the Client broke the protocol. The only thing that `mqtt/` and the
 * handlers above it throw; caught in one place, where it becomes DISCONNECT (or CONNACK before the Session stands) and
 * the end of the Network Connection.
 */
export class ProtocolError extends Error {
  readonly reasonCode: ReasonCode;
  /** The normative statement that was broken, as `MQTT-3.3.1-4`, or the section where no statement has a number. */
  readonly statement: string;
  /** From a CONNECT: the version that the answer must be written in, once it is known. */
  readonly protocolVersion: ProtocolVersion | undefined;

  /**
   * @param reasonCode what DISCONNECT or CONNACK will say
   * @param statement statement id or section
   * @param message a sentence for people; becomes the Reason String
   * @param protocolVersion of the CONNECT that is wrong
   */
  constructor(reasonCode: ReasonCode, statement: string, message: string, protocolVersion?: ProtocolVersion) {
    super(message);
    this.name = "ProtocolError";
    this.reasonCode = reasonCode;
    this.statement = statement;
    this.protocolVersion = protocolVersion;
  }
}
