// Addresses of peers.

/** IPv4 peers of a dual-stack socket without their IPv6 prefix. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
