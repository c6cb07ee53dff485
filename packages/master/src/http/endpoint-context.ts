// What older endpoints stand on: the master, and where their routes go.
import type { ActorSystem } from '@kaon/actor';
import type { HttpServer } from '@kaon/http';
import type { MasterPid } from '../protocol.ts';
import type { ViewQuestion } from '../views/view.ts';
import type { Answer } from './endpoint-answers.ts';

/** Where routes are added: the server itself, or what only a leader answers. */
export type Routes = Pick<HttpServer, 'route'>;

/** Kinds of views that need no more than their name. */
type PlainView = {
  [K in ViewQuestion['kind']]: { readonly kind: K } extends Extract<
    ViewQuestion,
    { readonly kind: K }
  >
    ? K
    : never;
}[ViewQuestion['kind']];

/** What the endpoints of one concern are given. */
export interface EndpointContext {
  readonly system: ActorSystem;
  readonly master: MasterPid;
  readonly routes: Routes;
  /** The answer that is a view of the state. */
  readonly view: (kind: PlainView) => Answer;
}
