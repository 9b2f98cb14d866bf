/**
 * Says that something is always so. When it is not, the bug is ours: the process is told, nobody recovers from it.
 * @throws Error with the message
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`This cannot be: ${message}`);
}
