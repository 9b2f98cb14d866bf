/**
 * Plain numbers, counted where it happens and read by `$SYS` and metrics. Bytes and connections that never became a
 * Session are counted by the shell.
 */
export interface Counters {
  packetsReceived: number;
  packetsSent: number;
  publishReceived: number;
  publishSent: number;
  /** QoS 0 to a slow connection, queue limits, Maximum Packet Size. */
  publishDropped: number;
  publishRefused: number;
  publishExpired: number;
  publishBytesReceived: number;
  publishBytesSent: number;
  connectionsOpen: number;
  clientsConnected: number;
  clientsMaximum: number;
  clientsExpired: number;
  sessions: number;
  subscriptions: number;
  sharedSubscriptions: number;
  retainedMessages: number;
  retainedBytes: number;
  /** In flight and waiting, over all Sessions. */
  queuedMessages: number;
}

export function createCounters(): Counters {
  return {
    packetsReceived: 0,
    packetsSent: 0,
    publishReceived: 0,
    publishSent: 0,
    publishDropped: 0,
    publishRefused: 0,
    publishExpired: 0,
    publishBytesReceived: 0,
    publishBytesSent: 0,
    connectionsOpen: 0,
    clientsConnected: 0,
    clientsMaximum: 0,
    clientsExpired: 0,
    sessions: 0,
    subscriptions: 0,
    sharedSubscriptions: 0,
    retainedMessages: 0,
    retainedBytes: 0,
    queuedMessages: 0,
  };
}
