import theme from 'vitepress/theme-without-fonts';
import { h } from 'vue';
import { useDarkPictures } from './dark-pictures.js';
import { LiveDemo } from './live-demo.js';
import './style.css';

export default {
  extends: theme,
  setup: useDarkPictures,
  Layout: () => h(theme.Layout, null, { 'home-hero-image': () => h(LiveDemo) }),
};
