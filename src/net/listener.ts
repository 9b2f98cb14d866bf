import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

/** How often a second port is looked for when port 0 got one that is taken on the other loopback address. */
const portTries = 10;

/** Connections that the kernel keeps for us until they are accepted. */
const backlog = 4_096;

/** After how much silence the system looks whether the other end is still there. */
const probeMilliseconds = 60_000;

/** Where and how to listen. */
export interface ListenAt {
  readonly protocol: "mqtt" | "mqtts";
  /** `localhost` is 127.0.0.1 and, where there is one, ::1. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** PEM; required for `mqtts`. */
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
  readonly handshakeTimeoutSeconds: number;
}

/** Who hears what happens at a door. */
export interface ListenerOwner {
  /** A connection stands; with TLS, its handshake is done. */
  accepted(socket: Socket): void;
  /** A TLS handshake failed. */
  handshakeFailed(error: Error, remoteAddress: string): void;
  /** Connections cannot be accepted; a sentence for people, at most once a minute. */
  acceptFailed(sentence: string): void;
}

/** A door that is open. */
export interface Listener {
  readonly port: number;
  /** Accepts nothing more. Resolves when all of its sockets are gone. */
  close(): Promise<void>;
  /** Ends what is left: handshakes that were not finished, and connections. */
  destroy(): void;
}

/**
 * Opens a door.
 * @throws Error with a sentence that says what to do, when the port is in use, not allowed or the address is not ours
 */
export async function openListener(at: ListenAt, owner: ListenerOwner): Promise<Listener> {
  if (at.protocol === "mqtts" && at.tls === undefined) throw new Error("mqtts needs a key and a certificate");
  const sockets = new Set<Socket>();
  const servers = at.host === "localhost" ? await openLoopback(at) : [await open(at, at.host, at.port)];
  for (const server of servers) serve(server, at, owner, sockets);
  return {
    port: portOf(servers[0]!),
    close: async () => {
      await Promise.all(servers.map(closed));
    },
    destroy: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What failed accepts are told as; `ulimit -n` is the one that people meet. */
export function acceptSentence(error: NodeJS.ErrnoException): string {
  if (error.code !== "EMFILE" && error.code !== "ENFILE") return `a connection cannot be accepted: ${error.message}`;
  return "no more connections can be accepted: this process has as many open files as it may; raise the limit with `ulimit -n`";
}

async function openLoopback(at: ListenAt): Promise<Server[]> {
  for (let attempt = 1; ; attempt += 1) {
    const first = await open(at, "127.0.0.1", at.port);
    try {
      return [first, await open(at, "::1", portOf(first))];
    } catch (error) {
      const { code } = (error as Error).cause as NodeJS.ErrnoException;
      if (code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT") return [first];
      await closed(first);
      if (at.port !== 0 || code !== "EADDRINUSE" || attempt === portTries) throw error;
    }
  }
}

function open(at: ListenAt, host: string, port: number): Promise<Server> {
  // A peer that shuts down only its sending side still gets its answers, so the Link ends the socket itself.
  // The system's own probes find the peers that vanished without a Keep Alive.
  const options = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: probeMilliseconds };
  const server =
    at.tls === undefined || at.protocol === "mqtt"
      ? createTcpServer(options)
      : createTlsServer({
          ...options,
          key: at.tls.key,
          cert: at.tls.cert,
          minVersion: "TLSv1.2",
          handshakeTimeout: at.handshakeTimeoutSeconds * 1_000,
        });
  return new Promise((resolve, reject) => {
    server.once("error", (error) =>
      reject(new Error(listenSentence(at.protocol, host, port, error), { cause: error })),
    );
    server.listen({ host, port, backlog }, () => {
      server.removeAllListeners("error");
      resolve(server);
    });
  });
}

function serve(server: Server, at: ListenAt, owner: ListenerOwner, sockets: Set<Socket>): void {
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on(at.protocol === "mqtt" ? "connection" : "secureConnection", (socket: Socket) => owner.accepted(socket));
  server.on("tlsClientError", (error: Error, socket: Socket) => {
    owner.handshakeFailed(error, socket.remoteAddress ?? "");
    socket.destroy();
  });
  let saidAt = Number.NEGATIVE_INFINITY;
  server.on("error", (error) => {
    const now = performance.now();
    if (now - saidAt < 60_000) return;
    saidAt = now;
    owner.acceptFailed(acceptSentence(error));
  });
}

function listenSentence(protocol: string, host: string, port: number, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `port ${port} is in use on ${host}: stop the other program or choose another with --${protocol} PORT`;
    case "EACCES":
      return `port ${port} may not be opened by this user: choose one above 1023 with --${protocol} PORT`;
    case "EADDRNOTAVAIL":
      return `${host} is no address of this machine: choose another with --bind ADDRESS`;
    case "ENOTFOUND":
      return `${host} is not known: choose an address of this machine with --bind ADDRESS`;
    default:
      return `cannot listen on ${host}, port ${port}: ${error.message}`;
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the listener has no port");
  return address.port;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
