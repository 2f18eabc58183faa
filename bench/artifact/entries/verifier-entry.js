// The TUF client and the OMS check with all they need, and nothing else of the library.
export { refreshMetadata, verifyBundle } from '@nearside/artifact';
