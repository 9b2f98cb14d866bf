/** A message that the subscriber took. */
export interface Taken {
  readonly qos: number;
  readonly topicName: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Packet Identifiers that were taken and not released. */
export function heldBy(ledger: string): Set<number> {
  const held = new Set<number>();
  for (const line of ledger.split("\n")) {
    const [sign, packetIdentifier] = line.split(" ");
    if (sign === "+") held.add(Number(packetIdentifier));
    else if (sign === "-") held.delete(Number(packetIdentifier));
  }
  return held;
}

/** What was taken, in its order. */
export function takenBy(ledger: string): Taken[] {
  return ledger
    .split("\n")
    .filter((line) => line.startsWith("+"))
    .map((line) => {
      const [, , qos, topicName = "", ...payload] = line.split(" ");
      return { qos: Number(qos), topicName, payload: JSON.parse(payload.join(" ")) };
    });
}
