// Placeholder until the page exists: the build needs an entry.
const app = document.getElementById('app');
if (app) app.textContent = 'Muster';
export {};
