import theme from 'vitepress/theme-without-fonts';
import { h } from 'vue';
import digits from '../../images/digits.png';
import './style.css';

export default {
  extends: theme,
  Layout: () => h(theme.Layout, null, { 'home-hero-image': () => h('img', PICTURE) }),
};

const PICTURE = {
  class: 'hero-picture',
  src: digits,
  width: 1000,
  height: 740,
  alt: 'The demo: a drawn seven, read as 7, with the time each step took',
};
