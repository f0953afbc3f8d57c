import { signMethodsCase } from '../registration/sign-methods.ts';

export default signMethodsCase('register');
