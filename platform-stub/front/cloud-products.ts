// The operations of the cloud API on products (section 6.3), and the switch, for which the vendor has none.
import type { Product } from '../core/state.ts';
import { act, productOf, type Operation } from './cloud-operations.ts';
import { INVALID_FORMAT, pageOf, refusal } from './cloud-request.ts';

const PRODUCT_PAGE_MAX = 200;
/** 4 to 30 characters, of which a Chinese one counts double. */
const PRODUCT_NAME = /^[\p{L}\p{N}_\-@()]+$/u;
const NET_TYPES = new Map([
  ['WIFI', 3],
  ['CELLULAR', 6],
  ['ETHERNET', 7],
]);
const OTHER_NET = 8;
/** Parameters of CreateProduct that are only given back. */
const ATTRIBUTES = ['NodeType', 'DataFormat', 'AuthType', 'NetType', 'AliyunCommodityCode', 'CategoryKey', 'Id2', 'ProtocolType'];

function productAttributes({ attributes }: Product): Record<string, unknown> {
  return {
    NodeType: Number(attributes.NodeType ?? 0),
    DataFormat: Number(attributes.DataFormat ?? 1),
    AuthType: attributes.AuthType ?? 'secret',
    AliyunCommodityCode: attributes.AliyunCommodityCode ?? 'iothub_senior',
    Id2: attributes.Id2 === 'true',
    ...(attributes.ProtocolType === undefined ? {} : { ProtocolType: attributes.ProtocolType }),
  };
}

function productName(name: string): string {
  const width = [...name].reduce((sum, one) => sum + (/\p{Script=Han}/u.test(one) ? 2 : 1), 0);
  if (!PRODUCT_NAME.test(name) || width < 4 || width > 30)
    throw refusal('iot.prod.InvalidFormattedProductName', 'a ProductName has 4 to 30 letters, digits and _ - @ ( )');
  return name;
}

const createProduct: Operation = ({ platform, parameters }) => {
  const name = productName(parameters.required('ProductName'));
  if (!['0', '1'].includes(parameters.required('NodeType'))) throw refusal(INVALID_FORMAT, 'NodeType is 0 or 1.');
  parameters.whole('DataFormat');
  const given = ATTRIBUTES.flatMap((one) => {
    const value = parameters.text(one);
    return value === undefined ? [] : [[one, value] as const];
  });
  const description = parameters.text('Description') ?? '';
  const result = act(platform, { action: 'CreateProduct', productName: name, description, attributes: Object.fromEntries(given) });
  if (result.kind !== 'created') throw refusal('iot.system.SystemException', 'the product was not created');
  const product = platform.state.products.get(result.productKey) as Product;
  const { productKey, productSecret } = result;
  return {
    ProductKey: productKey,
    Data: {
      ProductKey: productKey,
      ProductName: name,
      ProductSecret: productSecret,
      Description: description,
      ...productAttributes(product),
    },
  };
};

const updateProduct: Operation = (call) => {
  const { productKey } = productOf(call);
  const description = call.parameters.text('Description');
  const name = productName(call.parameters.required('ProductName'));
  const others = [...call.platform.state.products.values()].filter((one) => one.productKey !== productKey);
  if (others.some((one) => one.productName === name)) throw refusal('iot.prod.AlreadyExistedProductName', `a product named ${name} exists`);
  act(call.platform, { action: 'UpdateProduct', productKey, productName: name, ...(description === undefined ? {} : { description }) });
  return {};
};

const queryProduct: Operation = (call) => {
  const product = productOf(call);
  const { attributes, devices } = product;
  return {
    Data: {
      ProductKey: product.productKey,
      ProductSecret: product.productSecret,
      ProductName: product.productName,
      ProductStatus: 'DEVELOPMENT_STATUS',
      Description: product.description,
      DeviceCount: devices.size,
      GmtCreate: Math.floor(product.createdAt),
      NetType: NET_TYPES.get(attributes.NetType ?? 'WIFI') ?? OTHER_NET,
      CategoryKey: attributes.CategoryKey ?? '',
      CategoryName: attributes.CategoryKey ?? '',
      Owner: true,
      ValidateType: 0,
      ...productAttributes(product),
    },
  };
};

const queryProductList: Operation = ({ platform, parameters }) => {
  for (const name of ['CurrentPage', 'PageSize']) parameters.required(name);
  const commodity = parameters.text('AliyunCommodityCode');
  const all = [...platform.state.products.values()]
    .toReversed()
    .filter((one) => commodity === undefined || productAttributes(one).AliyunCommodityCode === commodity);
  const { items, page, fields } = pageOf(all, parameters, PRODUCT_PAGE_MAX);
  const list = items.map((product) => {
    const { NodeType, DataFormat, AuthType } = productAttributes(product);
    return {
      ...{ ProductKey: product.productKey, ProductName: product.productName, Description: product.description },
      ...{ NodeType, DataFormat, AuthType, DeviceCount: product.devices.size, GmtCreate: Math.floor(product.createdAt) },
    };
  });
  return { Data: { List: { ProductInfo: list }, CurrentPage: page, ...fields } };
};

const deleteProduct: Operation = (call) => {
  act(call.platform, { action: 'DeleteProduct', productKey: productOf(call).productKey });
  return {};
};

/** The switch has no vendor operation (section 6.5): this one is ours, and its name says so. */
const setDynamicRegistration: Operation = (call) => {
  const { productKey } = productOf(call);
  const on = call.parameters.required('DynamicRegistration');
  if (on !== 'true' && on !== 'false') throw refusal(INVALID_FORMAT, 'DynamicRegistration is true or false.');
  act(call.platform, { action: 'X-SetDynamicRegistration', productKey, on: on === 'true' });
  return {};
};

export const PRODUCT_OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['CreateProduct', createProduct],
  ['UpdateProduct', updateProduct],
  ['QueryProduct', queryProduct],
  ['QueryProductList', queryProductList],
  ['DeleteProduct', deleteProduct],
  ['X-SetDynamicRegistration', setDynamicRegistration],
]);
