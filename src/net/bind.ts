import { createServer, type Server, type Socket } from "node:net";

/** How often a second port is looked for when port 0 got one that is taken on the other loopback address. */
const portTries = 10;

/** Connections that the kernel keeps for us until they are accepted. */
const backlog = 4_096;

/** After how much silence the system looks whether the other end is still there. */
const probeMilliseconds = 60_000;

/** Where to listen. */
export interface BindAddress {
  /** Names the flag that chooses another port. */
  readonly protocol: string;
  /** `localhost` is 127.0.0.1 and, where there is one, ::1. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/**
 * Takes connections there; one server for each address.
 * @throws Error with a sentence that says what to do, when the port is in use, not allowed or the address is not ours
 */
export async function bind(at: BindAddress, arrived: (socket: Socket) => void): Promise<readonly Server[]> {
  return at.host === "localhost" ? await bindLoopback(at, arrived) : [await open(at, at.host, at.port, arrived)];
}

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the listener has no port");
  return address.port;
}

/** Accepts nothing more; resolves when all sockets of the server are gone. */
export function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** What failed accepts are told as; `ulimit -n` is the one that people meet. */
export function acceptSentence(error: NodeJS.ErrnoException): string {
  if (error.code !== "EMFILE" && error.code !== "ENFILE") return `a connection cannot be accepted: ${error.message}`;
  return "no more connections can be accepted: this process has as many open files as it may; raise the limit with `ulimit -n`";
}

async function bindLoopback(at: BindAddress, arrived: (socket: Socket) => void): Promise<Server[]> {
  for (let attempt = 1; ; attempt += 1) {
    const first = await open(at, "127.0.0.1", at.port, arrived);
    try {
      return [first, await open(at, "::1", portOf(first), arrived)];
    } catch (error) {
      const { code } = (error as Error).cause as NodeJS.ErrnoException;
      if (code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT") return [first];
      await closed(first);
      if (at.port !== 0 || code !== "EADDRINUSE" || attempt === portTries) throw error;
    }
  }
}

function open(at: BindAddress, host: string, port: number, arrived: (socket: Socket) => void): Promise<Server> {
  // A peer that shuts down only its sending side still gets its answers, so the Link ends the socket itself.
  // The system's own probes find the peers that vanished without a Keep Alive.
  const options = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: probeMilliseconds };
  const server = createServer(options, arrived);
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
