import type { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { AuthenticationRequest, Verdict } from "../broker/authentication.ts";
import type { Capabilities, Limits, QueueOverflow } from "../broker/limits.ts";
import type { Policy } from "../broker/policy.ts";
import type { DisconnectReasonCode, ReasonCode } from "../mqtt/reason-code.ts";
import type { DoorLimits } from "../net/door-limits.ts";
import type { Protocol } from "../net/listener.ts";
import type { ClientCertificate, TlsSettings } from "../net/tls-settings.ts";
import type { DeadLetterCause, DeadLetterStore } from "../store/dead-letters.ts";
import type { Store } from "../store/store.ts";
import type { AccountsWatch } from "./accounts-watch.ts";
import type { Row } from "./answer.ts";
import type { CertificateWatch } from "./certificate-watch.ts";
import type { DeadLetterRequest } from "./dead-letter-request.ts";
import type { Client, ConnectOptions, Identity, OutgoingMessage } from "./in-process.ts";
import type { LocalConnection, PacketReceiver } from "./local-connection.ts";
import type { Question } from "./question.ts";
import type { Refusals } from "./refusals.ts";
import type { ServerEvents } from "./server-events.ts";
import type { TokenKeysWatch } from "./token-keys-watch.ts";

/** One door. Port 0 takes a free one. */
export interface ListenerOptions {
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
  /** Required for `mqtts` and `wss`. */
  readonly tls: TlsSettings | undefined;
  /** Where MQTT is, for `ws` and `wss`; `/mqtt` when it is not given. */
  readonly path?: string;
  /** What differs from the limits of the whole, and bounds of its own. */
  readonly limits?: Partial<ListenerLimits>;
  /** Every connection begins with a PROXY header; it is believed from these addresses and networks, from all if empty. */
  readonly proxyAddresses?: readonly string[] | undefined;
  /** For `ws` and `wss`: refuses web pages that do not come from this machine. */
  readonly loopbackOriginsOnly?: boolean;
}

/** The limits of one door. */
export interface ListenerLimits extends DoorLimits, Pick<Limits, "connectTimeoutSeconds" | "packetBytesMax"> {}

/** The other end of one Network Connection, as its door saw it; one object per connection. */
export interface Peer {
  /** IP address; empty when the socket was gone before it could be asked, or for a client inside the process. */
  readonly remoteAddress: string;
  /** The door it came through. */
  readonly protocol: Protocol | "inside";
  /** What it showed and TLS verified; nothing follows from it by itself. */
  readonly certificate?: ClientCertificate | undefined;
}

/** Who is it. Resolves to a verdict; a rejection is logged and answered with 0x88 Server unavailable. */
export interface Authenticator {
  /** @param peer what must be remembered between the steps of an exchange is kept by it, in a WeakMap */
  authenticate(request: AuthenticationRequest, peer: Peer): Promise<Verdict>;
}

/** Why the store should take nothing new now, as a sentence; undefined when it has room. Asked every second. */
export type SpaceProblem = () => string | undefined;

/** Answers the HTTP requests at `ws` and `wss` doors that want no WebSocket. */
export interface HttpApplication {
  answer(request: IncomingMessage, response: ServerResponse): void;
  close(): Promise<void>;
}

/** What an HTTP application may ask a server. */
export interface ServerState {
  /** Why it takes no new clients or no new work, as a sentence; undefined when it does. */
  notReady(): string | undefined;
}

/** What the policy comes from, while it may change. */
export interface PolicyWatch {
  start(change: (policy: Policy) => void): void;
  stop(): void;
  /** Looks now. Resolves when what stands in the files is in force; never rejects. */
  look(): Promise<void>;
}

/** Everything a server is made of; what a configuration file, flags and defaults come to. */
export interface ServerOptions {
  readonly listeners: readonly ListenerOptions[];
  readonly limits: Limits;
  readonly capabilities: Capabilities;
  readonly policy: Policy;
  readonly authenticator: Authenticator;
  readonly store: Store;
  readonly spaceProblem: SpaceProblem;
  readonly log: Logger;
  /** Response Information (§3.1.2.11.6), `%c` and `%u` filled in; undefined sends none. */
  readonly responseInformation: string | undefined;
  /** How often `$SYS` is published, seconds; 0 never. */
  readonly sysIntervalSeconds: number;
  /** Anyone may come in: web pages of other machines may not, through HTTP servers that are attached. */
  readonly loopbackOriginsOnly?: boolean;
  /** What becomes of messages for full queues of durable Sessions; `drop-oldest` when it is left out. */
  readonly queueOverflow?: QueueOverflow | undefined;
  /** Where messages go that did not come, and which of them; in memory and all when it is left out. Closed by the server. */
  readonly deadLetters?: DeadLetterParts;
  /** Where refusals are noted; for whoever else has some to note. */
  readonly refusals?: Refusals;
  /** Made when there is a `ws` or `wss` door, before the first one opens. */
  readonly http?: (state: ServerState) => Promise<HttpApplication>;
  /** Gives the listeners new certificates while they are open. */
  readonly certificateWatch?: CertificateWatch;
  /** Brings another policy into force while the server is open. */
  readonly policyWatch?: PolicyWatch;
  /** Brings other keys of tokens into force while the server is open. */
  readonly tokenKeysWatch?: TokenKeysWatch;
  /** Ends the connections of accounts that changed while the server is open. */
  readonly accountsWatch?: AccountsWatch;
}

/** Dead letters of a server. */
export interface DeadLetterParts {
  readonly letters: DeadLetterStore;
  readonly causes: readonly DeadLetterCause[];
}

/** Where a listener came to stand. */
export interface ListenerAddress {
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
  /** Where MQTT is, for `ws` and `wss`. */
  readonly path?: string;
}

/** A running server, and the program's way to it. Rare moments are events; see `ServerEvents`. */
export interface Server extends EventEmitter<ServerEvents> {
  /** Where the listeners came to stand, in the order in which they were asked for. */
  readonly addresses: readonly ListenerAddress[];
  /**
   * What a client on this machine connects to: the first listener's.
   * @throws Error when there is none
   */
  readonly url: string;
  /**
   * Publishes, checked by limits and policy like a PUBLISH of this Principal; without one it is the Server itself that
   * publishes, which needs no leave. Resolves after the commit that keeps the message, with the Reason Code that a PUBACK
   * would have: 0x00, 0x10 No matching subscribers, or a refusal from 0x80 on. Above `unflushedBytesMax` it resolves
   * later, so whoever awaits it keeps pace with the disk. 0x97 when 65,535 wait already, 0x8B when the server is closed.
   * @throws (rejects) ProtocolError for what is no PUBLISH
   */
  publish(message: OutgoingMessage, options?: { readonly principal?: Identity }): Promise<ReasonCode>;
  /**
   * Connects a Client inside the process: no socket, no TLS, no bytes, and the same rules as for any other.
   * @throws (rejects) RefusedError with the Reason Code of CONNACK
   */
  connect(options?: ConnectOptions): Promise<Client>;
  /**
   * Opens a Network Connection inside the process for whoever speaks MQTT itself, packet by packet. Not from inside a
   * policy's methods.
   * @throws Error when the server is closed
   */
  openConnection(receiver: PacketReceiver, options?: { readonly principal?: Identity }): LocalConnection;
  /**
   * Lets Clients in through a program's own HTTP or HTTPS server: MQTT over WebSocket at `path`, `/mqtt` when none is
   * given. Returns what undoes it; closing the server does too, and leaves the HTTP server open.
   */
  attach(httpServer: EventEmitter, options?: { readonly path?: string }): () => void;
  /** Answers a question about its state, in slices; undefined when there is no such Session, queue or message. */
  inspect(question: Question): AsyncIterable<readonly Row[]> | undefined;
  /** Lists, replays or removes dead letters, in slices. */
  deadLetters(request: DeadLetterRequest): AsyncIterable<readonly Row[]>;
  /**
   * Ends a Client's Network Connection with this DISCONNECT, 0x98 Administrative action when none is given; false when it
   * has no connection. Not from inside a policy's methods.
   */
  disconnect(clientId: string, reasonCode?: DisconnectReasonCode): boolean;
  /** Settled when the server is closed; rejected when it failed, with the reason. */
  readonly closed: Promise<void>;
  /**
   * Lets the program finish the messages that it has in its hands, tells the Clients, commits, and leaves no open handle.
   * As often as you like. Not to be awaited inside of a message handler. The promise is `closed`.
   */
  close(): Promise<void>;
}
