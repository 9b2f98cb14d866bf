import type { Buffer } from "node:buffer";

/**
 * An ordered, lossless stream of bytes in both directions, which is all that MQTT asks of a Network Connection (§4.2): a
 * TCP or TLS socket as it is, or a WebSocket behind `WebSocketStream`.
 */
export interface ByteStream {
  /** TLS keeps what it is given until later, always; undefined and false: only while the system takes no more. */
  readonly encrypted?: boolean;
  /** No more bytes go out. */
  readonly destroyed: boolean;
  /** Bytes that it was given and the system has not taken yet. */
  readonly writableLength: number;
  /** Sends the bytes; they may be read until `written` is called, and after it when `writableLength` was 0. */
  write(bytes: Buffer, written: () => void): unknown;
  /** Hands in nothing more than what has been read already. */
  pause(): unknown;
  resume(): unknown;
  /** Ends our side behind what was written before. */
  end(): unknown;
  /** Ends both sides at once. */
  destroy(): unknown;
  on(event: "data", listener: (chunk: Buffer) => void): unknown;
  /** Bytes that came and wait in the stream for others before they are handed in; a socket has none. */
  on(event: "gathering", listener: (bytes: number) => void): unknown;
  /**
   * `end`: the other end has sent its last byte; what we write may still arrive. `error`: `close` follows. `close`: it is
   * gone, once, the last word.
   */
  on(event: "end" | "error" | "close", listener: () => void): unknown;
}
