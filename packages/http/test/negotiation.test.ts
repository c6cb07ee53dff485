// Statuses and texts of Mesos for every way to get `Content-Type` and `Accept` wrong.

import {
  acceptsContentCoding,
  acceptsMediaType,
  chooseContentCoding,
  negotiateAgentAnswer,
  negotiateAgentRequest,
  negotiateAnswer,
  negotiateRequest,
  streamingNotSupportedAnswer,
} from '@kaon/http';
import t from 'tap';

const given = (headers: Readonly<Record<string, string>>) => ({
  header: (name: string) => headers[name],
});

const TEXT = { 'Content-Type': 'text/plain; charset=utf-8' };

t.test('a request body names one of two types, to the letter', async (t) => {
  t.same(negotiateRequest(given({ 'content-type': 'application/json' })), {
    ok: true,
    value: 'json',
  });
  t.same(negotiateRequest(given({ 'content-type': 'application/x-protobuf' })), {
    ok: true,
    value: 'protobuf',
  });
  t.same(negotiateRequest(given({})), {
    ok: false,
    error: { status: 400, headers: TEXT, body: "Expecting 'Content-Type' to be present" },
  });
  const wrong = ['text/plain', 'application/recordio', 'application/json; charset=utf-8', ''];
  for (const type of wrong) {
    t.same(
      negotiateRequest(given({ 'content-type': type })),
      {
        ok: false,
        error: {
          status: 415,
          headers: TEXT,
          body: "Expecting 'Content-Type' of application/json or application/x-protobuf",
        },
      },
      type,
    );
  }
});

t.test('an answer is JSON when allowed, else protobuf, else 406', async (t) => {
  const chosen = (accept?: string) => {
    const result = negotiateAnswer(given(accept === undefined ? {} : { accept }));
    return result.ok ? result.value : result.error.status;
  };
  t.equal(chosen(), 'json');
  t.equal(chosen('*/*'), 'json');
  t.equal(chosen('application/*'), 'json');
  t.equal(chosen('application/x-protobuf, application/json'), 'json');
  t.equal(chosen('application/x-protobuf'), 'protobuf');
  t.equal(chosen('application/json;q=0, */*'), 'protobuf');
  t.equal(chosen('APPLICATION/JSON ; Q=0.5'), 'json');
  t.equal(chosen('application/json;q=0'), 406);
  t.equal(chosen('text/html'), 406);
  t.equal(chosen('application/recordio'), 406);
  t.same(negotiateAnswer(given({ accept: 'text/html' })), {
    ok: false,
    error: {
      status: 406,
      headers: TEXT,
      body: "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'",
    },
  });
});

t.test('the agent also takes RecordIO, whose records name their own type', async (t) => {
  const body = (headers: Readonly<Record<string, string>>) => {
    const result = negotiateAgentRequest(given(headers));
    return result.ok ? result.value : `${result.error.status} ${result.error.body}`;
  };
  t.same(body({ 'content-type': 'application/json' }), { encoding: 'json', isStream: false });
  t.same(
    body({
      'content-type': 'application/recordio',
      'message-content-type': 'application/x-protobuf',
    }),
    { encoding: 'protobuf', isStream: true },
  );
  t.equal(
    body({ 'content-type': 'application/recordio' }),
    "400 Expecting 'Message-Content-Type' to be set for streaming requests",
  );
  t.equal(
    body({ 'content-type': 'application/json; charset=utf-8' }),
    "415 Expecting 'Content-Type' of application/json or application/x-protobuf or application/recordio",
  );
  t.match(body({ 'content-type': 'application/recordio', 'message-content-type': 'x' }), /^415 /);
  t.match(body({ 'content-type': 'application/json', 'message-content-type': 'x' }), /^415 /);
  t.equal(body({}), "400 Expecting 'Content-Type' to be present");
});

t.test('the agent streams its answer when only RecordIO is accepted', async (t) => {
  const answer = (headers: Readonly<Record<string, string>>) => {
    const result = negotiateAgentAnswer(given(headers));
    return result.ok ? result.value : `${result.error.status} ${result.error.body}`;
  };
  t.same(answer({}), { encoding: 'json', isStream: false });
  t.same(answer({ accept: 'application/recordio' }), { encoding: 'json', isStream: true });
  t.same(answer({ accept: 'application/recordio', 'message-accept': 'application/x-protobuf' }), {
    encoding: 'protobuf',
    isStream: true,
  });
  t.match(answer({ accept: 'application/recordio', 'message-accept': 'text/html' }), /^406 /);
  t.equal(
    answer({ accept: 'application/json;q=0' }),
    "406 Expecting 'Accept' to allow application/json or application/x-protobuf or application/recordio",
  );
  t.same(streamingNotSupportedAnswer('GET_VERSION'), {
    status: 406,
    headers: TEXT,
    body: 'Streaming response is not supported for GET_VERSION call',
  });
});

t.test('the most specific entry of a list decides', async (t) => {
  t.ok(acceptsMediaType(undefined, 'text/html'));
  t.notOk(acceptsMediaType('', 'text/html'));
  t.notOk(acceptsMediaType('text/html;q=0, text/*', 'text/html'));
  t.ok(acceptsMediaType('text/*;q=0, text/html;level=1;q=0.1', 'text/html'));
  t.notOk(acceptsMediaType('text/html;q=x', 'text/html'), 'an unreadable quality refuses');
  t.notOk(acceptsContentCoding(undefined, 'gzip'));
  t.ok(acceptsContentCoding('deflate, gzip;q=1.0', 'gzip'));
  t.notOk(acceptsContentCoding('identity', 'gzip'));
  t.notOk(acceptsContentCoding('gzip;q=0, *', 'gzip'));
});

t.test('the coding of an answer is the one the client wants most', async (t) => {
  const cases: readonly (readonly [string | undefined, 'br' | 'gzip' | undefined])[] = [
    [undefined, undefined],
    ['', undefined],
    ['gzip', 'gzip'],
    ['gzip, deflate', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['BR', 'br'],
    ['br;q=0.5, gzip;q=0.8', 'gzip'],
    ['br;q=0.8, gzip;q=0.5', 'br'],
    ['br;q=0, gzip', 'gzip'],
    ['br;q=0, gzip;q=0.000', undefined],
    ['*', 'gzip'],
    ['*;q=0', undefined],
    ['gzip;q=0, *', undefined],
    ['x-gzip', 'gzip'],
    ['gzip;q=0.5, identity', undefined],
    ['gzip, identity;q=0.5', 'gzip'],
    ['gzip;q=banana', undefined],
    ['gzip;q=7, br;q=1', 'br'],
    ['deflate, zstd', undefined],
    [',;,=,;q=', undefined],
  ];
  for (const [header, coding] of cases)
    t.equal(chooseContentCoding(header), coding, header ?? 'none');
});
