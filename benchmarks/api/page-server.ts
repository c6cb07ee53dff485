// The floor of `/state`: bare node:http that sends as many bytes from pages it has at hand, to each as it reads.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endWithParent } from '../orphans.ts';

const PAGE = Buffer.alloc(192 * 1024, 'x');

function send(response: ServerResponse, left: number): void {
  let rest = left;
  while (rest > 0) {
    const page = rest < PAGE.length ? PAGE.subarray(0, rest) : PAGE;
    rest -= page.length;
    if (!response.write(page) && rest > 0) {
      response.once('drain', () => send(response, rest));
      return;
    }
  }
  response.end();
}

endWithParent();
const server = createServer((request, response) => send(response, Number(request.url?.slice(1))));
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
