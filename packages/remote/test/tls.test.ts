// TLS between nodes: who has a certificate that the other trusts comes in, who has not is refused.
import { once } from 'node:events';
import { request } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Pid } from '@kaon/actor';
import type { HandshakeError, NodeOptions, RemoteTlsOptions } from '@kaon/remote';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { givenNode, notebook, noteProtocol } from './builders/actors.ts';
import { Authority } from './builders/certificates.ts';

const folder = t.testdir({});
const trusted = new Authority(folder, 'trusted');
const strange = new Authority(folder, 'strange');
const LOCAL = 'IP:127.0.0.1';
const tls = trusted.sign('node', LOCAL);

/** A node that collects whom it refused. */
async function givenTlsNode(t: Test, options: NodeOptions) {
  const refusals: HandshakeError[] = [];
  const waiting: (() => void)[] = [];
  const onRefused = (error: HandshakeError): void => {
    refusals.push(error);
    for (const resolve of waiting.splice(0)) resolve();
  };
  const node = await givenNode(t, { ...options, remote: { ...options.remote, onRefused } });
  node.system.spawn(notebook, undefined, { id: 'notes' });
  /** Resolves once a connection has been refused. */
  const refused = async (): Promise<HandshakeError> => {
    if (refusals.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    return refusals[0] as HandshakeError;
  };
  return { ...node, refusals, refused };
}

t.test('nodes that trust each other talk, over TLS 1.3', async (t) => {
  const left = await givenTlsNode(t, { tls });
  const right = await givenTlsNode(t, { tls: trusted.sign('right', LOCAL) });
  t.equal(right.http.driver, 'node', 'uws is not picked');
  const notes = new Pid('notes', right.address, noteProtocol);
  t.equal(await left.system.ask(notes, 'echo', 'x'.repeat(1_000_000)), 'x'.repeat(1_000_000));
  t.same([left.refusals, right.refusals], [[], []]);

  const socket = connectTls({
    port: Number(right.address.split(':')[1]),
    rejectUnauthorized: false,
  });
  await once(socket, 'secureConnect');
  t.equal(socket.getProtocol(), 'TLSv1.3');
  socket.destroy();
});

t.test('bytes are taken where text is, and a secret goes with TLS', async (t) => {
  const bytes: RemoteTlsOptions = {
    certificate: Buffer.from(tls.certificate),
    privateKey: Buffer.from(tls.privateKey),
    authorities: [Buffer.from(trusted.certificate), strange.certificate],
  };
  const secret = 'a secret beside the certificates';
  const left = await givenTlsNode(t, { tls: bytes, secret });
  const right = await givenTlsNode(t, { tls: bytes, secret });
  const notes = new Pid('notes', right.address, noteProtocol);
  t.equal(await left.system.ask(notes, 'echo', 1), 1);
});

t.test('whose certificate is not trusted is refused, and both sides hear why', async (t) => {
  const stranger = strange.sign('stranger', LOCAL);
  const elsewhere = trusted.sign('elsewhere', 'DNS:elsewhere.example');
  const cases: readonly (readonly [string, RemoteTlsOptions, RegExp, RegExp])[] = [
    [
      'signed by someone else',
      { ...stranger, authorities: trusted.certificate },
      /it says: the certificate is not trusted/,
      /the certificate is not trusted/,
    ],
    [
      'made for another host than the node says it is',
      elsewhere,
      /it says: .*does not match certificate/,
      /does not match certificate/,
    ],
  ];
  for (const [title, dialling, there, here] of cases) {
    t.test(title, async (t) => {
      const left = await givenTlsNode(t, { tls: dialling });
      const right = await givenTlsNode(t, { tls });
      const notes = new Pid('notes', right.address, noteProtocol);
      await t.rejects(left.system.ask(notes, 'echo', 1), { code: 'KAON_ASK_UNREACHABLE' });
      t.match(await left.refused(), { problem: 'tls', peer: right.address, message: there });
      t.match(await right.refused(), { problem: 'tls', peer: left.address, message: here });
      t.match(left.remote.stats, { handshakesRefused: 1, connections: 0 });
      t.match(right.remote.stats, { handshakesRefused: 1, connections: 0 });
    });
  }
});

t.test('a dialled node whose certificate is not trusted is left at once', async (t) => {
  const cases: readonly (readonly [string, RemoteTlsOptions, RegExp])[] = [
    ['signed by someone else', strange.sign('unknown', LOCAL), /self.signed|unable to/],
    ['made for another host', trusted.sign('far', 'DNS:far.example'), /IP: 127.0.0.1 is not in/],
  ];
  for (const [title, accepting, message] of cases) {
    t.test(title, async (t) => {
      const left = await givenTlsNode(t, { tls });
      const right = await givenTlsNode(t, { tls: accepting });
      const notes = new Pid('notes', right.address, noteProtocol);
      await t.rejects(left.system.ask(notes, 'echo', 1), { code: 'KAON_ASK_UNREACHABLE' });
      t.match(await left.refused(), { problem: 'tls', peer: right.address, message });
      t.match(await right.refused(), { problem: 'tls', message: /it may not trust/ });
      t.match(left.remote.stats, { handshakesRefused: 1, connections: 0 });
      t.match(right.remote.stats, { handshakesRefused: 1, connections: 0 });
      t.equal(right.http.stats.tlsRefused, 1);
    });
  }
});

t.test('one name for all nodes may be expected instead of their hosts', async (t) => {
  const named = { ...trusted.sign('named', 'DNS:kaon-node'), expectedName: 'kaon-node' };
  const left = await givenTlsNode(t, { tls: named });
  const right = await givenTlsNode(t, { tls: named });
  const notes = new Pid('notes', right.address, noteProtocol);
  t.equal(await left.system.ask(notes, 'echo', 1), 1);
  const other = await givenTlsNode(t, { tls: { ...named, expectedName: 'another-name' } });
  await t.rejects(other.system.ask(notes, 'echo', 1), { code: 'KAON_ASK_UNREACHABLE' });
  t.match(await other.refused(), { problem: 'tls', message: /another-name/ });
});

t.test('a node without TLS and one with it do not talk', async (t) => {
  const plain = await givenTlsNode(t, { http: { driver: 'node' } });
  const secured = await givenTlsNode(t, { tls });
  const atSecured = new Pid('notes', secured.address, noteProtocol);
  await t.rejects(plain.system.ask(atSecured, 'echo', 1), { code: 'KAON_ASK_UNREACHABLE' });
  t.match(await secured.refused(), { problem: 'tls', message: /http request/i });

  const atPlain = new Pid('notes', plain.address, noteProtocol);
  await t.rejects(secured.system.ask(atPlain, 'echo', 1), { code: 'KAON_ASK_UNREACHABLE' });
  t.match(secured.refusals[1], { problem: 'tls', peer: plain.address });
  t.match(plain.refusals, [
    { problem: 'unavailable', peer: secured.address, message: /it stops, or wants TLS/ },
    { problem: 'tls', peer: '127.0.0.1', message: /the peer speaks TLS, this server does not/ },
  ]);
});

t.test('a peer that breaks off the TLS handshake is counted', async (t) => {
  const node = await givenTlsNode(t, { tls });
  const socket = connect(Number(node.address.split(':')[1]), '127.0.0.1');
  socket.end(Buffer.from('no TLS at all, and no end of it\n'));
  socket.on('error', () => undefined);
  t.match(await node.refused(), { problem: 'tls', peer: '127.0.0.1' });
});

t.test('routes of a node with TLS are for clients with a certificate', async (t) => {
  const node = await givenTlsNode(t, {
    tls,
    addRoutes: (server) => {
      server.route('GET', '/version', (exchange) => exchange.respond({ status: 200, body: 'v' }));
    },
  });
  const statusOf = async (client: Partial<RemoteTlsOptions>): Promise<number | undefined> => {
    const sent = request(`https://${node.address}/version`, {
      ca: trusted.certificate,
      cert: client.certificate as string,
      key: client.privateKey as string,
      agent: false,
    });
    sent.end();
    const [response] = await once(sent, 'response');
    response.resume();
    return response.statusCode;
  };
  t.equal(await statusOf(tls), 200);
  t.equal(await statusOf({}), 403);
  t.equal(await statusOf(strange.sign('client', LOCAL)), 403);
  t.equal(node.http.stats.tlsRefused, 2);
  t.same(node.refusals, [], 'they are no nodes');
});

t.test(
  'other WebSocket endpoints of such a node are for clients with a certificate too',
  async (t) => {
    const node = await givenTlsNode(t, {
      tls,
      addRoutes: (server) => {
        server.webSocket('/echo', {
          open: (socket) => ({ message: (bytes) => socket.send(bytes), close: () => undefined }),
        });
      },
    });
    const outcomeOf = async (client: Partial<RemoteTlsOptions>): Promise<string> => {
      const socket = new WebSocket(`wss://${node.address}/echo`, {
        ca: trusted.certificate,
        cert: client.certificate as string,
        key: client.privateKey as string,
      });
      return new Promise((resolve) => {
        socket.on('error', (error) => resolve(error.message));
        socket.on('open', () => {
          socket.close();
          resolve('open');
        });
      });
    };
    t.equal(await outcomeOf(tls), 'open');
    t.match(await outcomeOf({}), /403/);
    t.equal(node.http.stats.tlsRefused, 1);
  },
);

t.test('uws serves no TLS', async (t) => {
  await t.rejects(givenNode(t, { tls, http: { driver: 'uws' } }), {
    code: 'KAON_HTTP_DRIVER_UNAVAILABLE',
  });
});
