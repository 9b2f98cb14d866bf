import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { type ProxyHeader, readProxyHeader } from "./proxy-header.ts";

/**
 * Waits for the PROXY header of a new connection and takes it off; what follows stays in the socket to be read. Answers
 * once, or never when the connection ends before: in such a way balancers look whether we are there.
 * @param milliseconds how long the whole header may take
 */
export function awaitProxyHeader(
  socket: Socket,
  milliseconds: number,
  answered: (answer: ProxyHeader | Error) => void,
): void {
  let bytes: Buffer = Buffer.alloc(0);
  const stop = (): void => {
    clearTimeout(timeout);
    socket.off("readable", read).off("end", ended).off("close", stop);
  };
  const done = (answer: ProxyHeader | Error): void => {
    stop();
    answered(answer);
  };
  // It is half-open, so it would stay.
  const ended = (): void => {
    socket.destroy();
  };
  const read = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    let header: ProxyHeader | undefined;
    try {
      header = readProxyHeader(bytes);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (header === undefined) return;
    if (bytes.length > header.byteLength) socket.unshift(bytes.subarray(header.byteLength));
    done(header);
  };
  const timeout = setTimeout(() => done(new Error("No PROXY header came in time")), milliseconds);
  socket.on("readable", read).on("end", ended).on("close", stop);
}
