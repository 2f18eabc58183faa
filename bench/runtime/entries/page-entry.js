// What a page takes: nothing else of the library.
import { open } from 'nearside';

globalThis.open = open;
