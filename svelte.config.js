// Components need no preprocessing: Svelte strips types by itself. The file tells svelte-check and the build so.
export default {};
