declare const photo: Blob;

// What follows stands in README.md, word for word; scripts/readme.test.ts compares.
import { open } from 'nearside';

const model = await open('https://cdn.example/models/digits', {
  trust: 'sha256-QpaGjmYht8EVJ8vISYvixGEYSeKN13i1ugyXHHNbl1o', // printed by `nearside publish`
  report: '/v1/reports', // omit it and nothing leaves the device
});
const { output, meta } = await model.run(photo); // a Blob, canvas, ImageData, video …
console.log(output[0], meta.backend, meta.runMs);
await model.close();
