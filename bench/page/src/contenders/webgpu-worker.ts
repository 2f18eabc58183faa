// The library's own WebGPU backend, whose runtime is unpacked as it arrives: as it is it would be too large for hosts.
import { serve } from 'nearside/worker';
import { onnxWebgpu } from 'nearside/worker/onnx-webgpu';
import { fetchUnpacked, isPacked } from './packed-runtime.ts';

const fetchPlain = self.fetch.bind(self);
self.fetch = (given, init) => {
  const { href } = new URL(given instanceof Request ? given.url : given, self.location.href);
  return isPacked(href) ? fetchUnpacked(href, fetchPlain, init) : fetchPlain(given, init);
};

serve({ backend: onnxWebgpu });
