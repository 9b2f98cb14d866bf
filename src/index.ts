/*
 * Petstore MQTT in a program: a broker that starts and closes in the process, and Clients without sockets. What it is
 * made of is loaded with the first `createServer`.
 */

import type { Server } from "./server/options.ts";
import type { CreateServerOptions } from "./service/create-server.ts";

/**
 * Starts a server in this process: without options an MQTT 5.0 and 3.1.1 broker on this machine at a free port, in memory.
 * @throws (rejects) Error with a sentence that says what to mend; nothing stays open then
 */
export async function createServer(options: CreateServerOptions = {}): Promise<Server> {
  const service = await import("./service/create-server.ts");
  return await service.createServer(options);
}

export type { Principal } from "./broker/authentication.ts";
export type { Capabilities, Limits, QueueOverflow } from "./broker/limits.ts";
export type { PublishRequest } from "./broker/policy.ts";
export type { PublishProperties, UserProperty } from "./mqtt/packet.ts";
export type { QoS } from "./mqtt/packet-type.ts";
export { ProtocolError } from "./mqtt/protocol-error.ts";
export { type DisconnectReasonCode, ReasonCode, reasonCodeName } from "./mqtt/reason-code.ts";
export type { Row } from "./server/answer.ts";
export type { ContractView, StoreKind } from "./server/config.ts";
export type { DeadLetterDoneRow, DeadLetterRequest, DeadLetterRow } from "./server/dead-letter-request.ts";
export {
  type Client,
  type ConnectOptions,
  type Identity,
  type IncomingMessage,
  type MessageHandler,
  type MessageStream,
  type OutgoingMessage,
  type OutgoingWill,
  RefusedError,
  type SubscribeOptions,
  type Subscription,
} from "./server/in-process.ts";
export type { LocalConnection, PacketReceiver } from "./server/local-connection.ts";
export type { LogLevel } from "./server/log.ts";
export type { ListenerAddress, Peer, Server } from "./server/options.ts";
export type { Question } from "./server/question.ts";
export type { ServerEvents } from "./server/server-events.ts";
export type { CreateAccessRule, CreateListener, CreateServerOptions } from "./service/create-server.ts";
export type { Authenticate, ConnectRefusal, Credentials, PolicyHook, RequestRefusal } from "./service/hooks.ts";
export type { Store } from "./store/store.ts";
