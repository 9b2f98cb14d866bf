import type { Logger } from "pino";
import type { Limits } from "../broker/limits.ts";
import { ProtocolVersion } from "../mqtt/packet-type.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import { topicNameProblem } from "../topics/topic-name.ts";
import type { Client, ConnectOptions, Identity, OutgoingMessage } from "./in-process.ts";
import { connectInside, type InProcessClient } from "./in-process-client.ts";
import { LinkedConnection } from "./linked-connection.ts";
import { LocalConnection, type PacketReceiver } from "./local-connection.ts";
import { LocalLink } from "./local-link.ts";
import type { Authenticator, Peer } from "./options.ts";
import { publishOf } from "./outgoing-message.ts";
import { programPrincipal } from "./program-principal.ts";
import { ProgramPublishes } from "./program-publishes.ts";
import type { Turn } from "./turn.ts";
import { wholePublish } from "./whole-packet.ts";

/** Who stands behind which connection inside the process. */
export type InsiderPrincipals = WeakMap<Peer, Identity>;

/** A Principal for whoever says inside the process who it is; everybody else is authenticated. */
export function orInsiders(authenticator: Authenticator, principals: InsiderPrincipals): Authenticator {
  return {
    authenticate: async (request, peer) => {
      const identity = principals.get(peer);
      if (identity === undefined) return await authenticator.authenticate(request, peer);
      return { kind: "accept", principal: programPrincipal(identity, request.clientId), authenticationData: undefined };
    },
  };
}

/** What insiders need of their server. */
export interface InsidersOptions {
  readonly turn: Turn;
  readonly limits: Limits;
  readonly log: Logger;
  readonly principals: InsiderPrincipals;
  /** A connection was made. */
  readonly opened: (connection: LinkedConnection) => void;
}

/** The program's own part in its server: Clients without sockets, and messages without Clients. */
export class Insiders {
  readonly #options: InsidersOptions;
  readonly #publishes: ProgramPublishes;
  readonly #clients: Set<InProcessClient> = new Set();
  #isEnding = false;

  constructor(options: InsidersOptions) {
    this.#options = options;
    this.#publishes = new ProgramPublishes(options.turn);
  }

  /** Opens a Network Connection; see `Server.openConnection`. */
  open(receiver: PacketReceiver, identity: Identity = nobody): LocalConnection {
    if (this.#isEnding) throw new Error("the server is closed; nobody can connect to it any more");
    const { turn, limits, principals, opened } = this.#options;
    // Whoever names nobody hears it now.
    programPrincipal(identity, "");
    const peer: Peer = { remoteAddress: "", protocol: "inside" };
    principals.set(peer, identity);
    let link: LocalLink | undefined;
    const connection = new LinkedConnection(peer, turn, (owner) => {
      link = new LocalLink(owner, receiver, limits);
      return link;
    });
    opened(connection);
    connection.open();
    return new LocalConnection(link!, connection);
  }

  /** Connects a Client; see `Server.connect`. */
  async connect(options: ConnectOptions): Promise<Client> {
    // Whatever called this may stand inside a verb; what comes after does not.
    await undefined;
    const open = (receiver: PacketReceiver): LocalConnection => this.open(receiver, options.principal);
    const client = await connectInside(open, options, this.#options.log);
    this.#clients.add(client);
    const forget = (): void => {
      this.#clients.delete(client);
    };
    client.closed.then(forget, forget);
    return client;
  }

  /** Publishes; see `Server.publish`. */
  async publish(message: OutgoingMessage, identity: Identity | undefined): Promise<ReasonCode> {
    const { limits } = this.#options;
    if (topicNameProblem(message.topicName, limits) !== undefined) return ReasonCode.TopicNameInvalid;
    // The Packet Identifier is nobody's: it is checked and not used.
    const publish = publishOf(message, (message.qos ?? 0) === 0 ? 0 : 1);
    const whole = wholePublish(publish, ProtocolVersion.V5, limits.packetBytesMax);
    return await this.#publishes.publish(identity === undefined ? undefined : programPrincipal(identity, ""), whole);
  }

  /** No message is given to the program any more. Resolves when it has none in its hands. */
  async settle(): Promise<void> {
    this.#isEnding = true;
    await Promise.all([...this.#clients].map((client) => client.settle()));
    // What they acknowledged just now is read at the end of this turn.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Nothing more is taken, and nothing more will be answered. */
  end(): void {
    this.#isEnding = true;
    this.#publishes.end(ReasonCode.ServerShuttingDown);
  }
}

/** Whoever does not say who it is. */
const nobody: Identity = { name: "" };
