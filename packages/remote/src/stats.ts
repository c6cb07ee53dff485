// What the transport counts. Every limit has its counter here.

/** A snapshot of the counters. Totals count since the transport was made. */
export interface RemoteStats {
  /** Peers one has a connection with. */
  readonly connections: number;
  /** Peers one is dialling or waits to dial. */
  readonly pending: number;
  /** Bytes of messages that are not yet taken by the operating system, over all connections. */
  readonly bufferedBytes: number;
  readonly framesSent: number;
  readonly framesReceived: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly messagesSent: number;
  readonly messagesReceived: number;
  /** Messages dropped because too much was waiting for the peer. */
  readonly messagesDropped: number;
  /** Messages that were too large for the peer, or whose body cannot be encoded. */
  readonly messagesRefused: number;
  /** Bodies that came and were no msgpack. */
  readonly bodiesUndecodable: number;
  /** Frames that do not parse; their connections were closed. */
  readonly framesBad: number;
  /** Frames over the limit; their connections were closed. */
  readonly framesTooLarge: number;
  /** Connections given up because the peer fell silent. */
  readonly silencesDetected: number;
  /** Connections given up because the peer took too little. */
  readonly congestionsDetected: number;
  /** Connections that broke after they were made, for whatever reason. */
  readonly connectionsLost: number;
  readonly dialsFailed: number;
  /** Connections refused by either side in the handshake. */
  readonly handshakesRefused: number;
}

/** The counters themselves; only this package writes them. */
export type RemoteCounters = {
  -readonly [K in Exclude<
    keyof RemoteStats,
    'connections' | 'pending' | 'bufferedBytes'
  >]: RemoteStats[K];
};

/** All zero. */
export function newCounters(): RemoteCounters {
  return {
    framesSent: 0,
    framesReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    messagesSent: 0,
    messagesReceived: 0,
    messagesDropped: 0,
    messagesRefused: 0,
    bodiesUndecodable: 0,
    framesBad: 0,
    framesTooLarge: 0,
    silencesDetected: 0,
    congestionsDetected: 0,
    connectionsLost: 0,
    dialsFailed: 0,
    handshakesRefused: 0,
  };
}
