// What a server has to do at the least: read a body, parse and validate it, answer.
import { createServer } from 'node:http';
import { admitReport } from '../../packages/collector/dist/reports/admit-report.js';

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const { ok } = admitReport(Buffer.concat(chunks));
    response.writeHead(ok ? 204 : 422).end();
  });
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
