import { replyShapeCase } from '../registration/reply-shape.ts';

export default replyShapeCase('regnwl');
