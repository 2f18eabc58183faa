import { createService } from './service.mjs';

const [model, trust, port] = ['MODEL', 'TRUST', 'PORT'].map((name) => Deno.env.get(name));
const { fetch } = createService(model, { trust });
Deno.serve({ port: Number(port ?? 3000) }, fetch);
