// Starts the page. `?run=demo` starts a fleet and the suite as well.
import './shims/globals.ts';
import './styles/tokens.css';
import './styles/base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { startFromAddress } from './state/start.ts';

const app = document.getElementById('app');
if (app) {
  mount(App, { target: app });
  startFromAddress(new URLSearchParams(location.search));
}
