// Certificates for tests, made with `openssl` when they are needed: no key is kept anywhere.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RemoteTlsOptions } from '@kaon/remote';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Someone who signs certificates, in a folder of their own. */
export class Authority {
  readonly #folder: string;
  readonly #name: string;
  /** PEM of its own certificate. */
  readonly certificate: string;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
    this.#openssl(['req', '-x509', ...NEW_KEY, '-days', '2', '-subj', `/CN=${name}`, ...files]);
    this.certificate = this.#read(`${name}.pem`);
  }

  /** A certificate for `names`, as `IP:127.0.0.1` or `DNS:node`, signed by this authority. */
  sign(label: string, names: string): RemoteTlsOptions {
    const request = ['-keyout', `${label}.key`, '-out', `${label}.csr`];
    this.#openssl(['req', '-new', ...NEW_KEY, '-subj', `/CN=${label}`, ...request]);
    writeFileSync(join(this.#folder, `${label}.ext`), `subjectAltName=${names}\n`);
    const signer = ['-CA', `${this.#name}.pem`, '-CAkey', `${this.#name}.key`, '-CAcreateserial'];
    const files = ['-in', `${label}.csr`, '-out', `${label}.pem`, '-extfile', `${label}.ext`];
    this.#openssl(['x509', '-req', '-days', '2', ...signer, ...files]);
    return {
      certificate: this.#read(`${label}.pem`),
      privateKey: this.#read(`${label}.key`),
      authorities: this.certificate,
    };
  }

  #read(name: string): string {
    return readFileSync(join(this.#folder, name), 'utf8');
  }

  #openssl(args: readonly string[]): void {
    const { error, status, stderr } = spawnSync('openssl', args, {
      cwd: this.#folder,
      encoding: 'utf8',
    });
    if (error !== undefined) {
      throw new Error(
        `these tests need the command openssl to make certificates: ${error.message}`,
      );
    }
    if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr}`);
  }
}
