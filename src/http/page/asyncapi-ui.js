// Draws the document that stands in the page. AsyncApiStandalone is what vendor/asyncapi-react brings.
const schema = document.getElementById("document").textContent;
AsyncApiStandalone.render({ schema, config: { show: { errors: true } } }, document.getElementById("contract"));
