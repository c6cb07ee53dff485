// UUIDs and short ids.
import {
  formatUuid,
  isUuidBytes,
  seededRandom,
  shortId,
  systemRandom,
  uuid,
  uuidBytes,
} from '@kaon/primitives';
import t from 'tap';

t.test('a UUID is of version 4 and variant 1, as text and as bytes', async (t) => {
  const random = seededRandom(1);
  for (let index = 0; index < 200; index += 1) {
    t.match(uuid(random), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    t.ok(isUuidBytes(uuidBytes(random)));
  }
});

t.test('the text shows the bytes in order', async (t) => {
  const bytes = Uint8Array.from({ length: 16 }, (_, index) => index);
  t.equal(formatUuid(bytes), '00010203-0405-0607-0809-0a0b0c0d0e0f');
});

t.test('only 16 bytes with a version of 1 to 5 are a UUID', async (t) => {
  const bytes = new Uint8Array(16);
  t.notOk(isUuidBytes(bytes), 'version 0');
  bytes[6] = 0x10;
  t.ok(isUuidBytes(bytes), 'version 1');
  bytes[6] = 0x5f;
  t.ok(isUuidBytes(bytes), 'version 5');
  bytes[6] = 0x60;
  t.notOk(isUuidBytes(bytes), 'version 6');
  t.notOk(isUuidBytes(new Uint8Array(15)));
});

t.test('ids repeat with the seed and differ without one', async (t) => {
  t.equal(uuid(seededRandom(3)), uuid(seededRandom(3)));
  t.equal(shortId(seededRandom(3)), shortId(seededRandom(3)));
  t.not(uuid(systemRandom()), uuid(systemRandom()));
});

t.test('a short id is 21 URL-safe characters unless said otherwise', async (t) => {
  t.match(shortId(seededRandom(5)), /^[A-Za-z0-9_-]{21}$/);
  t.equal(shortId(seededRandom(5), 8).length, 8);
});
