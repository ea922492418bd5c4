---The diagnostics of other tools, as the commands of the server take them.

local place_ = require('dola.place')

local M = {}

---What the server takes at a time.
local MOST = 50

---@param place dola.Place
---@return vim.Diagnostic[]
local function of_others(place)
  return vim.tbl_filter(function(one) ---@param one vim.Diagnostic
    -- What the server itself marks is not for its own model.
    return one.source ~= 'dola-ls'
  end, vim.diagnostic.get(place.bufnr))
end

---The problems of a buffer, those nearest to a place first: the server knows which are of the code
---that an action is about.
---@param place dola.Place
---@return vim.Diagnostic[]
function M.near(place)
  local found = of_others(place)
  local function away(one) ---@param one vim.Diagnostic
    return math.max(one.lnum - place.end_row, place.row - (one.end_lnum or one.lnum), 0)
  end
  table.sort(found, function(a, b)
    if away(a) ~= away(b) then
      return away(a) < away(b)
    end
    return a.severity < b.severity
  end)
  return vim.list_slice(found, 1, MOST)
end

---The problems on the lines of a place, the worst first. Hints only where there is nothing else;
---servers give one for each unused parameter.
---@param place dola.Place
---@return vim.Diagnostic[]
function M.on(place)
  local found = vim.tbl_filter(function(one) ---@param one vim.Diagnostic
    local last = one.end_lnum or one.lnum
    return one.lnum <= place.end_row and last >= place.row
  end, of_others(place))
  table.sort(found, function(a, b)
    if a.severity ~= b.severity then
      return a.severity < b.severity
    end
    return a.lnum < b.lnum
  end)
  local worst = found[1] and found[1].severity
  return vim
    .iter(found)
    :filter(function(one)
      return one.severity < vim.diagnostic.severity.HINT or one.severity == worst
    end)
    :take(MOST)
    :totable()
end

---Diagnostics in the shape of the protocol, with the columns in this client's encoding and not in
---that of the client they came from.
---@param diagnostics vim.Diagnostic[]
---@param bufnr integer
---@param encoding string
---@return lsp.Diagnostic[]
function M.to_lsp(diagnostics, bufnr, encoding)
  return vim.tbl_map(function(one) ---@param one vim.Diagnostic
    local place = {
      bufnr = bufnr,
      row = one.lnum,
      col = one.col,
      end_row = one.end_lnum or one.lnum,
      end_col = one.end_col or one.col,
    }
    return {
      range = place_.range(place, encoding),
      severity = one.severity,
      message = one.message,
      source = one.source,
      code = one.code,
      tags = vim.tbl_get(one, 'user_data', 'lsp', 'tags'),
    }
  end, diagnostics)
end

return M
