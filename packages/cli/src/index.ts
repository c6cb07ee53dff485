// Public surface of `@kaon/cli`.
export { main } from './main.ts';
export type { EndSignal, Terminal } from './terminal.ts';
