import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findPython } from '../needs.mjs';
import { answers } from './prometheus.mjs';
import { freePort, Service } from './service.mjs';

/** Lets everybody read the objects of a bucket, as a site does. */
const PUBLIC = {
  Effect: 'Allow',
  Principal: '*',
  Action: 's3:GetObject',
};

/** Starts moto, which answers as Amazon's S3 does, with a bucket that everybody may read. */
export async function startBucket() {
  const service = new Service('s3');
  const server = `http://127.0.0.1:${await freePort()}`;
  const { hostname, port } = new URL(server);
  const python = findPython(['moto', 'flask_cors']) ?? '';
  const args = ['-m', 'moto.server', '--host', hostname, '--port', port];
  await service.spawn(python, args, { isReady: () => answers(`${server}/moto-api/`) });
  const env = {
    AWS_ENDPOINT_URL: server,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'any',
    AWS_SECRET_ACCESS_KEY: 'any',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  const name = 'models';
  /** @param {string[]} words */
  const aws = (...words) =>
    promisify(execFile)('/usr/bin/aws', words, { env: { ...process.env, ...env } });
  await aws('s3', 'mb', `s3://${name}`);
  const statement = { ...PUBLIC, Resource: `arn:aws:s3:::${name}/*` };
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await aws('s3api', 'put-bucket-policy', `--bucket=${name}`, `--policy=${policy}`);
  return {
    /** What its clients are told. */
    env,
    address: `s3://${name}`,
    /** Where devices find it. */
    url: `${server}/${name}`,
    aws,
    close: () => service.close(),
  };
}
