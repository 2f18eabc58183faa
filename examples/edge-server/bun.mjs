import { createService } from './service.mjs';

const { MODEL, TRUST, PORT = '3000' } = process.env;
const { fetch } = createService(MODEL, { trust: TRUST });
const { url } = Bun.serve({ port: Number(PORT), fetch });
console.log(url.href);
