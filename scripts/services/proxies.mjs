import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answers } from './prometheus.mjs';
import { freePort, Service } from './service.mjs';

/**
 * Starts an nginx with one server, all else as it comes.
 *
 * @param {readonly string[]} location directives of `location /`
 * @returns {Promise<{ url: string, socketPath: string, close: () => Promise<void> }>} it listens on a port and on a UNIX socket
 */
export async function startNginx(location) {
  const service = new Service('nginx');
  const { folder } = service;
  const port = await freePort();
  const socketPath = join(folder, 'nginx.sock');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const config = `
    daemon off;
    pid ${join(folder, 'nginx.pid')};
    events {}
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n')}
      server {
        listen 127.0.0.1:${port};
        listen unix:${socketPath};
        location = /nginx-is-ready { return 200; }
        location / { ${location.map((directive) => `${directive};`).join('\n')} }
      }
    }`;
  const file = join(folder, 'nginx.conf');
  await writeFile(file, config);
  const url = `http://127.0.0.1:${port}`;
  await service.spawn('nginx', ['-e', 'stderr', '-p', folder, '-c', file], {
    isReady: () => answers(`${url}/nginx-is-ready`),
  });
  return { url, socketPath, close: () => service.close() };
}

/**
 * Starts a Caddy with one site, all else as it comes.
 *
 * @param {readonly string[]} directives of the site
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function startCaddy(directives) {
  const service = new Service('caddy');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = `
    {
      admin off
      storage file_system ${service.folder}
    }
    http://:${port} {
      respond /caddy-is-ready 200
      ${directives.join('\n')}
    }
  `;
  const file = join(service.folder, 'Caddyfile');
  await writeFile(file, config);
  await service.spawn('caddy', ['run', '--adapter', 'caddyfile', '--config', file], {
    isReady: () => answers(`${url}/caddy-is-ready`),
  });
  return { url, close: () => service.close() };
}
